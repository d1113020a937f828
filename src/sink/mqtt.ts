import { randomBytes } from 'node:crypto';
import type { MqttSinkConfig } from '../config/schema.ts';
import type { SeriesPoints } from '../store/points.ts';
import {
  MqttSinkConnection,
  type Outgoing,
  type ProtocolVersion,
  tlsOptions,
} from './mqtt-connection.ts';
import { forecastMessage, forecastTopic, messageFault } from './mqtt-message.ts';
import { type RejectedPoint, type Sink, SinkUnavailable } from './sink.ts';

/**
 * Forecasts as JSON messages. It connects when there is something to write, and the drain's back-off
 * paces the attempts; nothing is queued in the client, so nothing can come twice or out of order.
 */
export class MqttSink implements Sink {
  readonly name: string;
  /** Who listens wants the newest forecast now; there is nothing to gain by waiting for more. */
  readonly pacing = { flushMs: 0 };
  readonly #url: string;
  readonly #base: string;
  readonly #config: MqttSinkConfig;
  readonly #clientId: string;
  /** MQTT 5 says why it refuses a message; a broker that only speaks 3.1.1 is remembered. */
  #version: ProtocolVersion = 5;
  #connection: MqttSinkConnection | undefined;
  #closed = false;

  constructor(url: string, base: string, config: MqttSinkConfig) {
    this.name = `mqtt ${url}`;
    this.#url = url;
    this.#base = base;
    this.#config = config;
    this.#clientId = `${base}-forecasts-${randomBytes(4).toString('hex')}`;
  }

  async prepare(): Promise<void> {
    await this.#connected();
  }

  async write(batch: readonly SeriesPoints[]): Promise<readonly RejectedPoint[]> {
    const messages: Outgoing[] = [];
    const owners: string[] = [];
    const rejected: RejectedPoint[] = [];
    for (const points of batch) {
      // Too little is known yet for a forecast: there is nothing to say.
      if (points.targetMs.length === 0) continue;
      const topic = forecastTopic(this.#base, points.series);
      const detail = messageFault(topic, points);
      if (detail !== undefined) {
        rejected.push({ series: points.series.slice(0, 200), detail });
        continue;
      }
      messages.push({ topic, payload: forecastMessage(points) });
      owners.push(points.series);
    }
    if (messages.length === 0) return rejected;
    const connection = await this.#connected();
    try {
      for (const [index, detail] of await connection.publish(messages)) {
        rejected.push({ series: owners[index]!, detail });
      }
    } catch (error) {
      connection.end();
      throw new SinkUnavailable(`${this.#url}: ${(error as Error).message}`);
    }
    return rejected;
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#connection?.open) await this.#connection.close();
    else this.#connection?.end();
  }

  async #connected(): Promise<MqttSinkConnection> {
    if (this.#connection?.open) return this.#connection;
    this.#connection?.end();
    const { username, password, tls } = this.#config;
    for (;;) {
      if (this.#closed) throw new SinkUnavailable(`${this.#url}: closed`, 'slow');
      const protocolVersion = this.#version;
      const options = {
        clientId: this.#clientId,
        username,
        password,
        protocolVersion,
        ...tlsOptions(tls),
      };
      this.#connection = new MqttSinkConnection(this.#url, options, this.#config);
      const failure = await this.#connection.opened();
      if (!failure) return this.#connection;
      if (failure.kind === 'version' && protocolVersion === 5) {
        this.#version = 4;
        continue;
      }
      const pace = failure.patient ? 'slow' : 'normal';
      throw new SinkUnavailable(`${this.#url}: ${failure.detail}`, pace);
    }
  }
}
