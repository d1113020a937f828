import { setTimeout as sleep } from 'node:timers/promises';
import type { IConnackPacket } from 'mqtt';
import { statusTopic } from '../config/own-topics.ts';
import { Backoff } from './backoff.ts';
import { type Filter, type Grant, MqttConnection, type Taker } from './mqtt-connection.ts';
import type { MqttDeliveries } from './mqtt-deliveries.ts';
import { explainFailure, explainReason, type Failure } from './mqtt-failure.ts';
import { clientId, clientOptions, type MqttSettings } from './mqtt-options.ts';
import { ProtocolChoice } from './protocol-choice.ts';
import { SourceError, type SourceEvent } from './source.ts';

/** A connection that lasted this long was a good one: the next wait is the first one again. */
const STABLE_MS = 10_000;
const OFFLINE_MS_MAX = 2_000;

export interface LinkParts {
  readonly settings: MqttSettings;
  readonly base: string;
  readonly filters: readonly Filter[];
  /** Outlives connections, as the session does. */
  readonly deliveries: MqttDeliveries;
  readonly taker: Taker;
  readonly tell: (event: SourceEvent) => void;
  /** Going on is impossible or unwanted. */
  readonly fail: (error: Error) => void;
}

/** Keeps a connection to the broker: tries until one stands, subscribes, and again when it breaks. */
export class MqttLink {
  readonly #parts: LinkParts;
  readonly #backoff: Backoff;
  readonly #protocol: ProtocolChoice;
  readonly #stopped = new AbortController();
  /** Kinds of trouble already told in this incident, and filters whose refusal was told. */
  readonly #told = new Set<SourceEvent['kind']>();
  readonly #refusedFilters = new Set<string>();
  #wasConnected = false;
  #connection: MqttConnection | undefined;
  #filters: readonly Filter[];
  /** Topics of filters that the broker's session may still have, and nobody wants any more. */
  readonly #unwanted = new Set<string>();
  /** Subscriptions are changed one after the other. */
  #subscribing: Promise<unknown> = Promise.resolve();

  constructor(parts: LinkParts) {
    this.#parts = parts;
    const { protocol, retry_min: minMs, retry_max: maxMs } = parts.settings;
    this.#filters = parts.filters;
    this.#protocol = new ProtocolChoice(protocol);
    this.#backoff = new Backoff(minMs, maxMs);
  }

  start(): void {
    this.#run().catch((error: Error) => this.#parts.fail(error));
  }

  /** Reads on after the taker has said no. */
  resume(): void {
    this.#connection?.resume();
  }

  /** From now on to these filters, and no others. Without a connection, with the next one. */
  subscribe(filters: readonly Filter[]): void {
    const before = this.#filters;
    this.#filters = filters;
    for (const { topic } of before) this.#unwanted.add(topic);
    for (const { topic } of filters) this.#unwanted.delete(topic);
    const connection = this.#connection;
    if (!connection) return;
    const added = filters.filter((one) => !before.some(({ topic }) => topic === one.topic));
    void this.#inTurn(() => this.#subscribe(connection, added));
  }

  /** False: there is no connection just now. */
  publish(topic: string, payload: Uint8Array): boolean {
    this.#connection?.publish(topic, payload);
    return this.#connection !== undefined;
  }

  /** No further attempt; a standing connection is kept until `close`. */
  stop(): void {
    this.#stopped.abort();
  }

  /** Publishes offline and disconnects. */
  async close(): Promise<void> {
    this.stop();
    const connection = this.#connection;
    if (!connection) return;
    const offline = connection.publishRetained(statusTopic(this.#parts.base), 'offline');
    const timeout = new AbortController();
    await Promise.race([
      offline,
      sleep(OFFLINE_MS_MAX, undefined, { signal: timeout.signal }).catch(() => {}),
    ]);
    timeout.abort();
    await connection.end();
  }

  async #run(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      const waitMs = await this.#connectOnce();
      if (this.#stopped.signal.aborted) return;
      await sleep(waitMs, undefined, { signal: this.#stopped.signal }).catch(() => {});
    }
  }

  /** From CONNECT to the end of the connection; resolves with the wait before the next one. */
  async #connectOnce(): Promise<number> {
    let connection: MqttConnection;
    try {
      connection = this.#open();
    } catch (error) {
      // Certificates were sound at the start; they may be in the middle of a renewal.
      return this.#notConnected(explainFailure(error as Error));
    }
    const abort = (): void => connection.abort();
    this.#stopped.signal.addEventListener('abort', abort);
    const connack = await connection.opened;
    this.#stopped.signal.removeEventListener('abort', abort);
    if (!connack) return this.#notConnected(explainFailure(await connection.closed));

    this.#connection = connection;
    const startedMs = performance.now();
    await this.#connected(connection, connack);
    const failure = explainFailure(await connection.closed);
    this.#connection = undefined;
    if (performance.now() - startedMs > STABLE_MS) this.#backoff.reset();
    if (!this.#stopped.signal.aborted)
      this.#tell('disconnected', `lost ${this.#broker()}`, failure);
    return this.#waitMs(failure);
  }

  #open(): MqttConnection {
    const { settings, base, deliveries, taker } = this.#parts;
    const options = clientOptions(settings, base, this.#protocol.version);
    return new MqttConnection(settings.url, options, deliveries, taker);
  }

  async #connected(connection: MqttConnection, connack: IConnackPacket): Promise<void> {
    this.#wasConnected = true;
    this.#protocol.connected();
    this.#told.clear();
    const { settings, base } = this.#parts;
    void connection.publishRetained(statusTopic(base), 'online');
    if (!(await this.#inTurn(() => this.#subscribe(connection, this.#filters)))) return;
    const version = this.#protocol.version === 5 ? '5' : '3.1.1';
    const session = connack.sessionPresent ? 'session resumed' : 'new session';
    const detail = `${this.#broker()}: MQTT ${version}, client id ${clientId(settings, base)}, ${session}`;
    this.#parts.tell({ kind: 'connected', detail });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#subscribing.then(work);
    this.#subscribing = done;
    return done;
  }

  /**
   * What is new comes before what is given up, so that nothing is missed that both want.
   * @returns false where the connection broke in between, which is told next
   */
  async #subscribe(connection: MqttConnection, filters: readonly Filter[]): Promise<boolean> {
    const grants = await connection.subscribe(filters);
    for (const grant of grants) this.#checkGrant(grant);
    if (grants.length < filters.length) return false;
    const unwanted = [...this.#unwanted];
    if (!(await connection.unsubscribe(unwanted))) return false;
    for (const topic of unwanted) this.#unwanted.delete(topic);
    return true;
  }

  #checkGrant({ topic, granted }: Grant): void {
    if (granted < 128) {
      this.#refusedFilters.delete(topic);
    } else if (!this.#refusedFilters.has(topic)) {
      this.#refusedFilters.add(topic);
      const reason = granted === 128 ? 'no reason given' : explainReason(granted);
      const detail = `${this.#broker()} refuses the subscription to ${topic}: ${reason}; check the broker’s access rules`;
      this.#parts.tell({ kind: 'refused', detail });
    }
  }

  #notConnected(failure: Failure): number {
    if (this.#protocol.changesAfter(failure)) {
      return failure.kind === 'version' ? 0 : this.#backoff.nextMs();
    }
    if (this.#stopped.signal.aborted) return 0;
    const unreachable = failure.kind === 'unreachable';
    const what = unreachable ? `cannot reach ${this.#broker()}` : `${this.#broker()} refuses us`;
    if (this.#isFatal(failure)) {
      throw new SourceError(`${what}: ${failure.detail}`, 3);
    }
    this.#tell(unreachable ? 'disconnected' : 'refused', what, failure);
    return this.#waitMs(failure);
  }

  #isFatal(failure: Failure): boolean {
    const { exit_if_unreachable: exit, protocol } = this.#parts.settings;
    const otherVersionLeft = failure.hungUp && protocol === 'auto' && this.#protocol.version === 5;
    return exit && !this.#wasConnected && !otherVersionLeft;
  }

  #waitMs(failure: Failure): number {
    return failure.patient ? this.#parts.settings.retry_max : this.#backoff.nextMs();
  }

  /** Once an incident, not once an attempt. */
  #tell(kind: 'disconnected' | 'refused', what: string, failure: Failure): void {
    if (this.#told.has(kind)) return;
    this.#told.add(kind);
    const then = failure.patient ? 'trying again now and then' : 'trying again';
    this.#parts.tell({ kind, detail: `${what}: ${failure.detail}; ${then}` });
  }

  #broker(): string {
    return `broker ${this.#parts.settings.url}`;
  }
}
