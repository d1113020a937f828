/** What runs beside the daemon: one line each. */
import type { Config, HttpConfig } from '../config/schema.ts';
import type { Daemon } from '../daemon/daemon.ts';
import { keepsState } from '../daemon/daemon-state.ts';
import { HealthWriter } from '../observe/health/health-writer.ts';
import type { DaemonLog } from '../observe/incidents.ts';
import type { Companion, Monitor } from '../observe/monitor.ts';
import { createMqttCompanion } from '../observe/mqtt/companion.ts';
import { SystemdNotifier } from '../observe/systemd/notifier.ts';
import { VERSION } from '../observe/version.ts';
import { createInfluxClient } from '../sink/influx-client.ts';

export interface CompanionOptions {
  /** Where the page can be seen; default: one line in the log. */
  readonly onPage?: (url: string) => void;
  /** Broker that the source is connected to. */
  readonly sourceUrl?: string | undefined;
}

export async function companionsOf(
  config: Config,
  daemon: Daemon,
  log: DaemonLog,
  { onPage, sourceUrl }: CompanionOptions = {},
): Promise<Companion[]> {
  const { control, monitor } = daemon;
  const knowsAll = keepsState(config);
  const streams = () => daemon.setup.config.streams;
  const parts = { monitor, control, log, version: VERSION, streams, sourceUrl, knowsAll };
  const mqtt = createMqttCompanion(config, parts);
  const isWatched = process.env.NOTIFY_SOCKET !== undefined;
  return [
    ...(config.http ? [await httpServer(config.http, monitor, log, onPage)] : []),
    ...(mqtt ? [mqtt] : []),
    ...healthWriter(config, monitor, log),
    ...(isWatched ? [new SystemdNotifier({ monitor, log })] : []),
  ];
}

/** Its libraries are loaded where it is wanted alone: they are a good part of the program. */
async function httpServer(
  http: HttpConfig,
  monitor: Monitor,
  log: DaemonLog,
  onListening: CompanionOptions['onPage'],
): Promise<Companion> {
  const { HttpServer } = await import('../observe/http/server.ts');
  const { metricsRoute } = await import('../observe/metrics/route.ts');
  const routes = [metricsRoute(monitor)];
  return new HttpServer(http, { monitor, log, routes, ...(onListening && { onListening }) });
}

/** Of a live source alone: what a recording gives hangs on no clock. */
function healthWriter(
  { base, source, sinks }: Config,
  monitor: Monitor,
  log: DaemonLog,
): Companion[] {
  const { influx } = sinks;
  if (!source?.mqtt || !influx || influx.health_every === 'off') return [];
  const client = createInfluxClient(influx);
  return [new HealthWriter({ client, monitor, daemon: base, everyMs: influx.health_every, log })];
}
