/** What runs beside the daemon: one line each. */
import type { Config, HttpConfig } from '../config/schema.ts';
import type { Daemon } from '../daemon/daemon.ts';
import { HttpServer } from '../observe/http/server.ts';
import type { DaemonLog } from '../observe/incidents.ts';
import { metricsRoute } from '../observe/metrics/route.ts';
import type { Companion } from '../observe/monitor.ts';
import { SystemdNotifier } from '../observe/systemd/notifier.ts';

export interface CompanionOptions {
  /** Where the page can be seen; default: one line in the log. */
  readonly onPage?: (url: string) => void;
}

export function companionsOf(
  { http }: Config,
  { monitor }: Daemon,
  log: DaemonLog,
  { onPage }: CompanionOptions = {},
): Companion[] {
  const page = (config: HttpConfig): Companion =>
    new HttpServer(config, {
      monitor,
      log,
      routes: [metricsRoute(monitor)],
      ...(onPage && { onListening: onPage }),
    });
  const isWatched = process.env.NOTIFY_SOCKET !== undefined;
  return [
    ...(http ? [page(http)] : []),
    ...(isWatched ? [new SystemdNotifier({ monitor, log })] : []),
  ];
}
