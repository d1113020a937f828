/**
 * Writes how the daemon fares to the database that its forecasts go to, every so often. Not by the
 * outbox: the health of a moment is of no use later, and a gap in it says that the database, or we,
 * were away. What goes wrong with the database itself is told by the sink.
 */
import type { InfluxClient } from '../../sink/influx-client.ts';
import { InfluxRefusal } from '../../sink/influx-errors.ts';
import type { DaemonLog } from '../incidents.ts';
import type { Companion, Monitor } from '../monitor.ts';
import { healthLines } from './health-lines.ts';

export interface HealthWriterOptions {
  readonly client: InfluxClient;
  readonly monitor: Pick<Monitor, 'pipeline'>;
  readonly daemon: string;
  readonly everyMs: number;
  readonly log: DaemonLog;
}

export class HealthWriter implements Companion {
  readonly #options: HealthWriterOptions;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #isPrepared = false;
  #hasTold = false;

  constructor(options: HealthWriterOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.write(), this.#options.everyMs).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#options.client.close();
    await this.#sending;
  }

  /** One request at a time; what cannot be written is dropped. */
  write(): Promise<void> {
    this.#sending ??= this.#write().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async #write(): Promise<void> {
    const { client, monitor, daemon, log } = this.#options;
    try {
      if (!this.#isPrepared) await client.prepare();
      this.#isPrepared = true;
      await client.send(healthLines(daemon, monitor.pipeline()).join('\n'));
    } catch (error) {
      this.#isPrepared = false;
      if (!(error instanceof InfluxRefusal) || error.storeMissing || this.#hasTold) return;
      this.#hasTold = true;
      log.warn(`${client.where} refuses the points of sinks.influx.health_every: ${error.reason}`);
    }
  }
}
