import type { Duplex } from 'node:stream';
import {
  connect,
  type IClientOptions,
  type IClientSubscribeOptions,
  type IConnackPacket,
  type IPublishPacket,
  type ISubscriptionGrant,
  type MqttClient,
} from 'mqtt';
import { MqttCopies } from './mqtt-copies.ts';
import type { MqttDeliveries } from './mqtt-deliveries.ts';

export interface Filter {
  readonly topic: string;
  readonly qos: 0 | 1 | 2;
}

/** What the broker made of one filter: the QoS it grants, or the reason code of its refusal. */
export interface Grant {
  readonly topic: string;
  readonly granted: number;
}

/** Tells the broker that a message is ours to keep now; nothing happens if the connection is gone. */
export type Acknowledge = () => void;

/**
 * Where messages go, those of QoS 1 and 2 with their acknowledgement; a copy (mqtt-copies.ts) has
 * nothing to say. False: read no more until
 * `MqttConnection.resume`.
 */
export type Taker = (
  packet: IPublishPacket,
  acknowledge: Acknowledge | undefined,
  isCopy: boolean,
) => boolean;

/** Some brokers take no more filters a packet. */
const FILTERS_A_PACKET = 8;
const CLOSE_MS_MAX = 2_000;
/** The first byte of the packets that acknowledge, by QoS. */
const PUBACK = 0x40;
const PUBREC = 0x50;
/** Given to mqtt.js in place of an acknowledgement, which then sends none. */
const LATER = new Error('acknowledged later');

/**
 * One connection to the broker, from CONNECT to its end. A new one is made for each attempt.
 *
 * Messages of QoS 1 and 2 are acknowledged when the taker says so, not by mqtt.js. For QoS 1
 * `handleMessage` answers with an error, for QoS 2 `customHandleAcks`: mqtt.js then goes on without
 * PUBACK or PUBREC, and keeps nothing of the message; we write those four bytes. (It reports the
 * second as an `error` event, which is passed over, and takes the option for MQTT 5 alone, so it is
 * set behind its back.) PUBREL finds an empty store, and mqtt.js answers with PUBCOMP at once.
 *
 * Where the taker wants no more, the callback of that one message is kept until `resume`, and mqtt.js
 * reads nothing meanwhile. It gives up a connection when its ping is not answered in time, but the
 * answer may stand behind messages, or not be read at all: so the pings are ours, and whatever comes
 * in counts as an answer. mqtt.js still gives up where nothing comes although we read.
 */
export class MqttConnection {
  /** Resolves with CONNACK, or with undefined when the connection ends before. */
  readonly opened: Promise<IConnackPacket | undefined>;
  /** Resolves with the reason when the connection has ended. */
  readonly closed: Promise<Error | undefined>;
  readonly #client: MqttClient;
  readonly #taker: Taker;
  #error: Error | undefined;
  #isClosed = false;
  readonly #copies = new MqttCopies();
  /** Of the next packet of filters; 0: the broker knows no identifiers. */
  #subscriptionId = 0;
  #held: (() => void) | undefined;
  #heard = false;
  #corked = false;
  #pings: NodeJS.Timeout | undefined;

  constructor(url: string, options: IClientOptions, deliveries: MqttDeliveries, taker: Taker) {
    this.#taker = taker;
    const client = connect(url, options);
    this.#client = client;
    this.#takeOverAcknowledgement(client);
    client.on('packetreceive', (packet) => {
      this.#heard = true;
      // Before any message of the new session can come in.
      if (packet.cmd === 'connack' && isNewSession(packet)) deliveries.beginSession();
      if (packet.cmd === 'connack') this.#subscriptionId = knowsIdentifiers(client, packet) ? 1 : 0;
      if (packet.cmd === 'pubrel') deliveries.release(packet.messageId!);
      if (packet.cmd === 'disconnect' && packet.reasonCode) {
        this.#error ??= Object.assign(new Error('disconnected by the broker'), {
          code: packet.reasonCode,
        });
      }
    });
    client.on('connect', () => this.#startPings());
    client.on('error', (error) => {
      if (error !== LATER) this.#error ??= error;
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

  /** Resolves when the broker has answered, or with false when the connection has ended. */
  async unsubscribe(topics: readonly string[]): Promise<boolean> {
    for (let i = 0; i < topics.length; i += FILTERS_A_PACKET) {
      if (this.#isClosed) return false;
      const some = topics.slice(i, i + FILTERS_A_PACKET);
      const answered = new Promise<boolean>((resolve) => {
        this.#client.unsubscribe(some, (error) => resolve(!error));
      });
      await Promise.race([answered, this.closed]);
    }
    return !this.#isClosed;
  }

  /** QoS 0: on its way, or lost with the connection. */
  publish(topic: string, payload: Uint8Array): void {
    this.#client.publish(topic, Buffer.from(payload), { qos: 0, retain: false });
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

  #takeOverAcknowledgement(client: MqttClient): void {
    client.handleMessage = (packet, callback) =>
      this.#take(packet, () => callback(packet.qos === 0 ? undefined : LATER));
    client.options.customHandleAcks = (_topic, _payload, packet: IPublishPacket, done) => {
      if (packet.qos === 2) this.#take(packet, () => done(LATER));
      else done(0);
    };
  }

  #take(packet: IPublishPacket, goOn: () => void): void {
    const { qos, messageId = 0 } = packet;
    const type = qos === 1 ? PUBACK : PUBREC;
    // In any version two bytes follow, the id; without a reason code it means success.
    const acknowledge = (): void => this.#write([type, 2, messageId >> 8, messageId & 0xff]);
    const isCopy = this.#copies.isCopy(packet);
    if (this.#taker(packet, qos === 0 ? undefined : acknowledge, isCopy)) goOn();
    else this.#held = goOn;
  }

  /** What is written in one turn goes out together. */
  #write(bytes: readonly number[]): void {
    const stream = this.#client.stream as Duplex;
    if (this.#isClosed || stream.destroyed) return;
    if (!this.#corked) {
      this.#corked = true;
      stream.cork();
      process.nextTick(() => {
        this.#corked = false;
        stream.uncork();
      });
    }
    stream.write(Buffer.from(bytes));
  }

  #startPings(): void {
    if (this.#isClosed) return;
    this.#pings = setInterval(() => {
      this.#client.sendPing();
      if (this.#heard || this.#held) this.#client.reschedulePing(true);
      this.#heard = false;
    }, this.#client.keepalive * 500);
  }

  #subscribe(filters: readonly Filter[]): Promise<Grant[]> {
    // No local: what we publish ourselves is not for us. Retained messages: only where the broker
    // did not have the subscription. Both exist in MQTT 5 only; 3.1.1 leaves them out.
    const map = Object.fromEntries(
      filters.map(({ topic, qos }) => [topic, { qos, nl: true, rap: false, rh: 1 }]),
    );
    const subscriptionIdentifier = this.#subscriptionId;
    if (subscriptionIdentifier > 0) this.#subscriptionId++;
    const options = subscriptionIdentifier > 0 ? { properties: { subscriptionIdentifier } } : {};
    return new Promise((resolve) => {
      this.#client.subscribe(
        map,
        options as IClientSubscribeOptions,
        (error, requested = [], packet) => {
          if (packet) {
            resolve(grants(requested, packet.granted as number[]));
            return;
          }
          // Not even sent: mqtt.js thinks that a filter is malformed, or the connection has ended.
          const malformed = error?.message.startsWith('Invalid topic');
          resolve(malformed ? filters.map((filter) => ({ ...filter, granted: 143 })) : []);
        },
      );
    });
  }
}

/** A refusal says nothing about the session. */
function isNewSession({ returnCode, reasonCode, sessionPresent }: IConnackPacket): boolean {
  return !(returnCode || reasonCode || sessionPresent);
}

/** MQTT 5 brokers do where they do not say otherwise. */
function knowsIdentifiers({ options }: MqttClient, { properties }: IConnackPacket): boolean {
  return options.protocolVersion === 5 && properties?.subscriptionIdentifiersAvailable !== false;
}

/** The broker answers in the order of the request. */
function grants(requested: readonly ISubscriptionGrant[], codes: readonly number[]): Grant[] {
  return requested.map(({ topic }, i) => ({ topic, granted: codes[i]! }));
}
