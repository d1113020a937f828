import type { Duplex } from 'node:stream';
import {
  connect,
  type IClientOptions,
  type IConnackPacket,
  type IPublishPacket,
  type ISubscriptionGrant,
  type MqttClient,
} from 'mqtt';
import type { IncomingIds } from './mqtt-incoming-ids.ts';
import type { Receipt } from './mqtt-intake.ts';

export interface Filter {
  readonly topic: string;
  readonly qos: 0 | 1 | 2;
}

/** What the broker made of one filter: the QoS it grants, or the reason code of its refusal. */
export interface Grant {
  readonly topic: string;
  readonly granted: number;
}

/** Where messages go. False: read no more until `MqttConnection.resume`. */
export type Taker = (packet: IPublishPacket, receipt: Receipt | undefined) => boolean;

/** Some brokers take no more filters a packet. */
const FILTERS_A_PACKET = 8;
const CLOSE_MS_MAX = 2_000;
/** Given to mqtt.js in place of an acknowledgement, which then sends none. */
const LATER = new Error('acknowledged later');

/**
 * One connection to the broker, from CONNECT to its end. A new one is made for each attempt.
 *
 * A message of QoS 1 is acknowledged by its receipt, not by mqtt.js: `handleMessage` answers with an
 * error, which makes mqtt.js go on without a PUBACK, and the receipt writes those four bytes. Where
 * the taker wants no more, the callback of that one message is kept until `resume`: mqtt.js then
 * reads nothing. Meanwhile we send the pings ourselves, since it cannot see their answers.
 */
export class MqttConnection {
  /** Resolves with CONNACK, or with undefined when the connection ends before. */
  readonly opened: Promise<IConnackPacket | undefined>;
  /** Resolves with the reason when the connection has ended. */
  readonly closed: Promise<Error | undefined>;
  readonly #client: MqttClient;
  readonly #taker: Taker;
  readonly #pingMs: number;
  #error: Error | undefined;
  #isClosed = false;
  #held: (() => void) | undefined;
  #pings: NodeJS.Timeout | undefined;

  constructor(url: string, options: IClientOptions, incoming: IncomingIds, taker: Taker) {
    this.#taker = taker;
    this.#pingMs = ((options.keepalive ?? 60) * 1000) / 2;
    const client = connect(url, { ...options, incomingStore: incoming.store(this.#exactlyOnce) });
    this.#client = client;
    client.handleMessage = (packet, callback) => this.#handle(packet, callback);
    client.on('packetreceive', (packet) => {
      // Before any message of the new session can come in.
      if (packet.cmd === 'connack' && !packet.sessionPresent) incoming.clear();
      if (packet.cmd === 'disconnect' && packet.reasonCode) {
        this.#error ??= Object.assign(new Error('disconnected by the broker'), {
          code: packet.reasonCode,
        });
      }
    });
    client.on('error', (error) => {
      this.#error ??= error;
    });
    this.closed = new Promise((resolve) => client.on('close', () => resolve(this.#over())));
    this.opened = Promise.race([
      new Promise<IConnackPacket>((resolve) => client.on('connect', resolve)),
      this.closed.then(() => undefined),
    ]);
  }

  /** Resolves when the broker has answered for all filters, or the connection has ended. */
  async subscribe(filters: readonly Filter[]): Promise<Grant[]> {
    const grants: Grant[] = [];
    for (let i = 0; i < filters.length && !this.#isClosed; i += FILTERS_A_PACKET) {
      grants.push(...(await this.#subscribe(filters.slice(i, i + FILTERS_A_PACKET))));
    }
    return grants;
  }

  /** Resolves when the broker has it, or the connection has ended. */
  publishRetained(topic: string, payload: string): Promise<void> {
    const published = new Promise<void>((resolve) => {
      this.#client.publish(topic, payload, { qos: 1, retain: true }, () => resolve());
    });
    return Promise.race([published, this.closed.then(() => undefined)]);
  }

  /** Reads on after the taker has said no. */
  resume(): void {
    clearInterval(this.#pings);
    this.#pings = undefined;
    const held = this.#held;
    this.#held = undefined;
    held?.();
  }

  /** Says goodbye, so that the will is not published; by force where the broker does not answer. */
  async end(): Promise<void> {
    if (this.#isClosed) return;
    this.#client.end();
    const timer = setTimeout(() => this.abort(), CLOSE_MS_MAX);
    await this.closed;
    clearTimeout(timer);
  }

  /** Cuts the connection. */
  abort(): void {
    this.#client.end(true);
    this.#client.stream.destroy();
  }

  #over(): Error | undefined {
    this.#isClosed = true;
    clearInterval(this.#pings);
    this.#held = undefined;
    return this.#error;
  }

  #handle(packet: IPublishPacket, callback: (error?: Error) => void): void {
    // Of QoS 2 this is the end of the handshake: it was taken when it came, by #exactlyOnce.
    const { qos, messageId } = packet;
    if (qos === 2) {
      callback();
    } else if (qos === 0 || messageId === undefined) {
      this.#take(packet, undefined, () => callback());
    } else {
      const receipt = { acknowledge: () => this.#sendPuback(messageId) };
      this.#take(packet, receipt, () => callback(LATER));
    }
  }

  readonly #exactlyOnce = (packet: IPublishPacket, goOn: () => void): void =>
    this.#take(packet, undefined, goOn);

  #take(packet: IPublishPacket, receipt: Receipt | undefined, goOn: () => void): void {
    if (this.#taker(packet, receipt)) {
      goOn();
      return;
    }
    this.#held = goOn;
    this.#pings = setInterval(() => {
      this.#client.sendPing();
      this.#client.reschedulePing(true);
    }, this.#pingMs);
  }

  #sendPuback(messageId: number): void {
    if (this.#isClosed || this.#client.stream.destroyed) return;
    // PUBACK of any version: type 4, two bytes, the id; without a reason code it means success.
    (this.#client.stream as Duplex).write(
      Buffer.from([0x40, 0x02, messageId >> 8, messageId & 0xff]),
    );
  }

  #subscribe(filters: readonly Filter[]): Promise<Grant[]> {
    // No local: what we publish ourselves is not for us. Retained messages: only where the broker
    // did not have the subscription. Both exist in MQTT 5 only; 3.1.1 leaves them out.
    const map = Object.fromEntries(
      filters.map(({ topic, qos }) => [topic, { qos, nl: true, rap: false, rh: 1 }]),
    );
    return new Promise((resolve) => {
      this.#client.subscribe(map, (error, requested = [], packet) => {
        if (packet) {
          resolve(grants(requested, packet.granted as number[]));
          return;
        }
        // Not even sent: mqtt.js thinks that a filter is malformed, or the connection has ended.
        const malformed = error?.message.startsWith('Invalid topic');
        resolve(malformed ? filters.map((filter) => ({ ...filter, granted: 143 })) : []);
      });
    });
  }
}

/** The broker answers in the order of the request. */
function grants(requested: readonly ISubscriptionGrant[], codes: readonly number[]): Grant[] {
  return requested.map(({ topic }, i) => ({ topic, granted: codes[i]! }));
}
