import { createSecureContext } from 'node:tls';
import type { IPublishPacket } from 'mqtt';
import { Observable, Subject, type Subscriber } from 'rxjs';
import { ownTopics } from '../config/own-topics.ts';
import type { Delivery } from '../journal/journal.ts';
import type { Acknowledge, Filter } from './mqtt-connection.ts';
import { MqttDeliveries } from './mqtt-deliveries.ts';
import { MqttIntake } from './mqtt-intake.ts';
import { MqttLink } from './mqtt-link.ts';
import { clientOptions, type MqttSettings } from './mqtt-options.ts';
import { ReceiveClock } from './receive-clock.ts';
import {
  type Gate,
  type Message,
  type MessageBatch,
  type Source,
  SourceError,
  type SourceEvent,
} from './source.ts';
import { Tally } from './tally.ts';

/**
 * The MQTT source: a persistent session under a fixed client id, resubscribed on every connection,
 * with the retained status `<base>/status` (online; offline on `close` or as the last will).
 *
 * Messages of QoS 1 and 2 are acknowledged by whoever takes them, when they are durable; what the
 * broker then delivers once more is marked `repeated`.
 *
 * What Foretide itself publishes, or is asked on (config/own-topics.ts), does not come in, so that a
 * filter like `#` makes no forecasts of forecasts.
 * @throws SourceError when a certificate or key cannot be used
 */
export function createMqttSource(
  settings: MqttSettings,
  base: string,
  filters: readonly Filter[],
  isOwn = ownTopics(base, 'homeassistant'),
): MqttSource {
  checkTls(settings, base);
  return new MqttSource(settings, base, filters, isOwn);
}

function checkTls(settings: MqttSettings, base: string): void {
  const { ca, cert, key } = clientOptions(settings, base, 5);
  try {
    createSecureContext({ ca, cert, key });
  } catch (error) {
    const { ca_file, cert_file, key_file } = settings.tls ?? {};
    const files = [ca_file, cert_file, key_file].filter(Boolean).join(', ');
    throw new SourceError(`tls: ${files} cannot be used: ${(error as Error).message}`);
  }
}

export class MqttSource implements Source {
  readonly url: string;
  readonly events: Observable<SourceEvent>;
  readonly #events = new Subject<SourceEvent>();
  readonly #settings: MqttSettings;
  readonly #base: string;
  #filters: readonly Filter[];
  readonly #isOwn: (topic: string) => boolean;
  readonly #clock = new ReceiveClock();
  readonly #deliveries = new MqttDeliveries();
  readonly #repeated = new Tally((count) => this.#tellRepeated(count));
  #link: MqttLink | undefined;
  #intake: MqttIntake | undefined;
  #subscriber: Subscriber<MessageBatch> | undefined;

  constructor(
    settings: MqttSettings,
    base: string,
    filters: readonly Filter[],
    isOwn: (topic: string) => boolean,
  ) {
    this.#isOwn = isOwn;
    this.#settings = settings;
    this.#base = base;
    this.#filters = filters;
    this.url = settings.url;
    this.events = this.#events.asObservable();
  }

  restore(deliveries: readonly Delivery[]): void {
    this.#deliveries.restore(deliveries);
  }

  messages(gate: Gate): Observable<MessageBatch> {
    return new Observable((subscriber) => {
      if (this.#link) throw new Error('an MQTT source can be subscribed to once');
      this.#subscriber = subscriber;
      this.#intake = new MqttIntake({
        gate,
        emit: (batch) => subscriber.next(batch),
        resume: () => this.#link?.resume(),
        dropped: (count) => this.#tellDropped(count),
      });
      this.#link = this.#createLink(this.#intake, subscriber);
      this.#link.start();
      return () => {
        this.#link?.stop();
        this.#intake?.discard();
      };
    });
  }

  /** From now on to these filters, and no others. */
  subscribe(filters: readonly Filter[]): void {
    this.#filters = filters;
    this.#link?.subscribe(filters);
  }

  publish(topic: string, payload: Uint8Array): boolean {
    return this.#link?.publish(topic, payload) ?? false;
  }

  progress(): undefined {
    return undefined;
  }

  /**
   * Takes nothing more. The subscriptions stay, so the broker keeps what comes while we are away;
   * so does the connection, until `close`, for the status to stay true.
   */
  async stop(): Promise<void> {
    this.#link?.stop();
    await this.#intake?.stop();
    this.#subscriber?.complete();
  }

  async close(): Promise<void> {
    this.#intake?.discard();
    this.#repeated.flush();
    await this.#link?.close();
    this.#events.complete();
  }

  #createLink(intake: MqttIntake, subscriber: Subscriber<MessageBatch>): MqttLink {
    return new MqttLink({
      settings: this.#settings,
      base: this.#base,
      filters: this.#filters,
      deliveries: this.#deliveries,
      taker: (packet, acknowledge, isCopy) => this.#take(intake, packet, isCopy, acknowledge),
      tell: (event) => this.#events.next(event),
      fail: (error) => subscriber.error(error),
    });
  }

  #take(
    intake: MqttIntake,
    packet: IPublishPacket,
    isCopy: boolean,
    acknowledge?: Acknowledge,
  ): boolean {
    // Not acknowledged after `stop`, so that it comes again with the next session.
    if (!intake.isOpen) return true;
    const message: Message = {
      topic: packet.topic,
      payload: packet.payload as Buffer,
      receivedMs: this.#clock.now(),
      retained: packet.retain,
      where: `topic ${packet.topic}`,
    };
    const isOurs = this.#isOwn(packet.topic);
    if (!acknowledge) return isOurs || isCopy || intake.offer(message);
    const { delivery, repeated } = this.#deliveries.take(packet);
    if (repeated && !isOurs) this.#repeated.add();
    const passedOver = repeated || isOurs || isCopy ? { repeated: true as const } : {};
    return intake.offer({ ...message, delivery, acknowledge, ...passedOver });
  }

  #tellDropped(count: number): void {
    const detail =
      'messages of QoS 0 came faster than they could be taken; use QoS 1, or fewer series';
    this.#events.next({ kind: 'dropped', count, detail });
  }

  #tellRepeated(count: number): void {
    const detail = 'the broker had no acknowledgement and delivered them again; not taken twice';
    this.#events.next({ kind: 'repeated', count, detail });
  }
}
