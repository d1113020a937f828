/** What runs beside the daemon: one line each. */
import type { Config } from '../config/schema.ts';
import type { Daemon } from '../daemon/daemon.ts';
import { keepsState } from '../daemon/daemon-state.ts';
import { HealthWriter } from '../observe/health/health-writer.ts';
import { HttpServer } from '../observe/http/server.ts';
import type { Logger } from '../observe/log.ts';
import type { Companion, Monitor } from '../observe/monitor.ts';
import { createMqttCompanion } from '../observe/mqtt/companion.ts';
import { VERSION } from '../observe/version.ts';
import { createInfluxClient } from '../sink/influx-client.ts';

export interface CompanionOptions {
  /** Where the page can be seen; default: one line in the log. */
  readonly onPage?: (url: string) => void;
  /** Broker that the source is connected to. */
  readonly sourceUrl?: string | undefined;
}

export function companionsOf(
  config: Config,
  { control, monitor }: Daemon,
  log: Logger,
  { onPage, sourceUrl }: CompanionOptions = {},
): Companion[] {
  const { http } = config;
  const knowsAll = keepsState(config);
  const parts = { monitor, control, log, version: VERSION, sourceUrl, knowsAll };
  const mqtt = createMqttCompanion(config, parts);
  return [
    ...(http
      ? [new HttpServer(http, { monitor, log, ...(onPage && { onListening: onPage }) })]
      : []),
    ...(mqtt ? [mqtt] : []),
    ...healthWriter(config, monitor, log),
  ];
}

/** Of a live source alone: what a recording gives hangs on no clock. */
function healthWriter({ base, source, sinks }: Config, monitor: Monitor, log: Logger): Companion[] {
  const { influx } = sinks;
  if (!source?.mqtt || !influx || influx.health_every === 'off') return [];
  const client = createInfluxClient(influx);
  return [new HealthWriter({ client, monitor, daemon: base, everyMs: influx.health_every, log })];
}
