/** One connection of the MQTT sink, from CONNECT to its end; a new one is made for each attempt. */
import { readFileSync } from 'node:fs';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import type { MqttSinkConfig } from '../config/schema.ts';
import { explainFailure, type Failure } from '../source/mqtt-failure.ts';
import { SinkUnavailable } from './sink.ts';

export type ProtocolVersion = 4 | 5;

export interface Outgoing {
  readonly topic: string;
  readonly payload: string;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** A broker that does not acknowledge for so long is away. */
const ACKNOWLEDGE_MS_MAX = 10_000;
const CLOSE_MS_MAX = 1_000;
/** Mosquitto's limit, where a broker names none. */
const IN_FLIGHT_MAX = 20;
/** Reason codes of PUBACK and PUBREC that speak of the one message. */
const MESSAGE_REFUSED = new Set([135, 144, 149, 153]);

export class MqttSinkConnection {
  readonly #client: MqttClient;
  readonly #qos: 0 | 1 | 2;
  readonly #retain: boolean;
  #inFlightMax = IN_FLIGHT_MAX;
  #error: Error | undefined;
  #open = false;
  /** Rejects when the connection has ended. */
  readonly #lost: Promise<never>;

  constructor(url: string, options: IClientOptions, { qos, retain }: MqttSinkConfig) {
    this.#qos = qos;
    this.#retain = retain;
    const client = connect(url, {
      ...options,
      clean: true,
      reconnectPeriod: 0,
      queueQoSZero: false,
      connectTimeout: CONNECT_TIMEOUT_MS,
    });
    this.#client = client;
    client.on('error', (error) => {
      this.#error ??= error;
    });
    this.#lost = new Promise((_, reject) => {
      client.on('close', () => {
        this.#open = false;
        reject(this.#error ?? new Error('the connection was closed'));
      });
    });
    this.#lost.catch(() => {
      // Told by whatever waits for it at that moment; between two writes nobody does.
    });
  }

  get open(): boolean {
    return this.#open;
  }

  /** @returns why it failed, undefined when it is open */
  async opened(): Promise<Failure | undefined> {
    const connected = new Promise<void>((resolve) => {
      this.#client.once('connect', ({ properties }) => {
        this.#open = true;
        this.#inFlightMax = Math.min(IN_FLIGHT_MAX, properties?.receiveMaximum ?? IN_FLIGHT_MAX);
        resolve();
      });
    });
    try {
      await Promise.race([connected, this.#lost]);
      return undefined;
    } catch (error) {
      this.end();
      return explainFailure(error as Error);
    }
  }

  /**
   * Publishes in order, with a bounded number unacknowledged.
   * @returns what the broker refused, by index
   * @throws Error when the connection is lost or does not move on
   */
  async publish(messages: readonly Outgoing[]): Promise<Map<number, string>> {
    const refused = new Map<number, string>();
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < messages.length) {
        const index = next++;
        const reason = await this.#publishOne(messages[index]!);
        if (reason !== undefined) refused.set(index, reason);
      }
    };
    const lanes = Array.from({ length: Math.min(this.#inFlightMax, messages.length) }, lane);
    await Promise.race([Promise.all(lanes), this.#lost]);
    return refused;
  }

  /** Ends without waiting. */
  end(): void {
    this.#open = false;
    this.#client.end(true);
  }

  /** Sends what is under way and says goodbye to the broker, or ends after a while. */
  async close(): Promise<void> {
    this.#open = false;
    const timer = setTimeout(() => this.#client.end(true), CLOSE_MS_MAX);
    await this.#client.endAsync();
    clearTimeout(timer);
  }

  /** @returns why the broker refuses this message */
  #publishOne({ topic, payload }: Outgoing): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error('no acknowledgement in time'));
      }, ACKNOWLEDGE_MS_MAX);
      this.#client.publish(topic, payload, { qos: this.#qos, retain: this.#retain }, (error) => {
        clearTimeout(timer);
        if (!error) return resolve(undefined);
        const code: unknown = 'code' in error ? error.code : undefined;
        if (typeof code === 'number' && MESSAGE_REFUSED.has(code)) resolve(error.message);
        else reject(error);
      });
    });
  }
}

/** @throws SinkUnavailable when a certificate cannot be read; renewed ones are taken up */
export function tlsOptions(tls: MqttSinkConfig['tls']): IClientOptions {
  if (!tls) return {};
  const pem = (file: string | undefined): Buffer | undefined => {
    if (file === undefined) return undefined;
    try {
      return readFileSync(file);
    } catch (error) {
      throw new SinkUnavailable(`sinks.mqtt.tls: ${(error as Error).message}`, 'slow');
    }
  };
  return {
    rejectUnauthorized: tls.verify,
    ca: pem(tls.ca_file),
    cert: pem(tls.cert_file),
    key: pem(tls.key_file),
    servername: tls.server_name,
  };
}
