/**
 * The connection for what the daemon says of itself and is asked: one of its own, so that it neither
 * waits for messages nor makes them wait. It is tried again and again; what is published while there
 * is none is gone, and said anew with the next one.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import { statusTopic } from '../../config/own-topics.ts';
import type { MqttBroker } from '../../sink/mqtt-broker.ts';
import { tlsOptions } from '../../sink/mqtt-connection.ts';
import { Backoff } from '../../source/backoff.ts';
import { explainFailure, type Failure } from '../../source/mqtt-failure.ts';
import { ProtocolChoice } from '../../source/protocol-choice.ts';
import type { DaemonLog } from '../incidents.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const KEEPALIVE_S = 30;
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 60_000;
/** A connection that lasted so long was a good one. */
const STABLE_MS = 10_000;
const CLOSE_MS_MAX = 1_000;
/** A broker of MQTT 5 sends us nothing that is larger. */
const PACKET_BYTES_MAX = 256 * 1024;

export interface LinkParts {
  readonly broker: MqttBroker;
  readonly base: string;
  readonly log: DaemonLog;
  readonly filters: readonly string[];
  /** Further ones, which a broker may refuse without a word: who has not asked for them misses nothing. */
  readonly quietFilters: readonly string[];
  /** The source does not say on this broker whether we are there: we do. */
  readonly tellsStatus: boolean;
  readonly onConnected: () => void;
  readonly onMessage: (packet: IPublishPacket) => void;
}

export type PublishOptions = NonNullable<Parameters<MqttClient['publish']>[2]>;

export class MqttCitizenLink {
  readonly #parts: LinkParts;
  readonly #backoff = new Backoff(RETRY_MS_MIN, RETRY_MS_MAX);
  readonly #stopped = new AbortController();
  readonly #clientId: string;
  readonly #protocol: ProtocolChoice;
  /** Trouble that was told since it was connected last. */
  #told = false;
  #client: MqttClient | undefined;
  #running: Promise<void> | undefined;

  constructor(parts: LinkParts) {
    this.#parts = parts;
    this.#protocol = new ProtocolChoice(parts.broker.protocol);
    this.#clientId = `${parts.base}-about-${randomBytes(4).toString('hex')}`;
  }

  get connected(): boolean {
    return this.#client?.connected ?? false;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Nothing happens without a connection. */
  publish(topic: string, payload: string | Buffer, options: PublishOptions = {}): void {
    const client = this.#client;
    // What the broker refuses of it, nobody here could mend.
    if (client?.connected) client.publish(topic, payload, options, () => {});
  }

  /** Says goodbye, so that the will is not published. */
  async stop(): Promise<void> {
    const { base, tellsStatus } = this.#parts;
    this.#stopped.abort();
    const client = this.#client;
    if (client?.connected) {
      const timer = setTimeout(() => client.end(true), CLOSE_MS_MAX);
      if (tellsStatus) this.publish(statusTopic(base), 'offline', { qos: 1, retain: true });
      await client.endAsync().catch(() => {});
      clearTimeout(timer);
    }
    client?.end(true);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const waitMs = await this.#connectOnce();
      await sleep(waitMs, undefined, { signal }).catch(() => {});
    }
  }

  /** From CONNECT to the end of the connection. @returns the wait before the next one */
  async #connectOnce(): Promise<number> {
    let client: MqttClient;
    try {
      client = connect(this.#parts.broker.url, this.#options());
    } catch (error) {
      // Certificates may be in the middle of a renewal.
      return this.#failed(explainFailure(error as Error));
    }
    this.#client = client;
    let connectedMs: number | undefined;
    let failure: Error | undefined;
    client.on('error', (error) => {
      failure ??= error;
    });
    client.on('connect', () => {
      connectedMs = performance.now();
      this.#connected(client);
    });
    client.on('message', (_topic, _payload, packet) => this.#parts.onMessage(packet));
    const abort = (): void => {
      if (!client.connected) client.end(true);
    };
    this.#stopped.signal.addEventListener('abort', abort);
    await new Promise<void>((resolve) => client.once('close', resolve));
    this.#stopped.signal.removeEventListener('abort', abort);
    client.end(true);
    if (connectedMs === undefined) return this.#failed(explainFailure(failure));
    this.#protocol.connected();
    if (performance.now() - connectedMs > STABLE_MS) this.#backoff.reset();
    return this.#tell('lost', explainFailure(failure));
  }

  #connected(client: MqttClient): void {
    const { base, broker, log, tellsStatus, onConnected } = this.#parts;
    if (this.#told) log.info(`mqtt: connected to ${broker.url} again`);
    this.#told = false;
    if (tellsStatus) this.publish(statusTopic(base), 'online', { qos: 1, retain: true });
    this.#subscribe(client);
    onConnected();
  }

  #subscribe(client: MqttClient): void {
    const { broker, filters, log, quietFilters } = this.#parts;
    for (const filter of [...filters, ...quietFilters]) {
      // Retained messages are wanted: of discovery they tell what an earlier life has left.
      const options = { qos: 1, nl: false, rap: true, rh: 0 } as const;
      client.subscribe(filter, options, (error, _granted, packet) => {
        const codes = (packet?.granted ?? []) as number[];
        if (!(error || codes.some((code) => code >= 128)) || quietFilters.includes(filter)) return;
        const advice = 'check its access rules';
        log.warn(`mqtt: ${broker.url} refuses the subscription to ${filter}; ${advice}`);
      });
    }
  }

  #failed(failure: Failure): number {
    if (this.#protocol.changesAfter(failure)) {
      return failure.kind === 'version' ? 0 : this.#backoff.nextMs();
    }
    return this.#tell('cannot reach', failure);
  }

  /** Once an incident, not once an attempt. */
  #tell(what: string, failure: Failure): number {
    const { broker, log } = this.#parts;
    // One outage is one line: where it is the source's broker, the source tells it.
    const isKnown = broker.isSource && failure.kind === 'unreachable';
    if (!this.#told && !isKnown && !this.#stopped.signal.aborted) {
      this.#told = true;
      const then = 'health, requests and discovery wait until it is back; forecasts do not';
      log.warn(`mqtt: ${what} ${broker.url}: ${failure.detail}; ${then}`);
    }
    return failure.patient ? RETRY_MS_MAX : this.#backoff.nextMs();
  }

  #options(): IClientOptions {
    const { base, broker, tellsStatus } = this.#parts;
    const { username, password, tls } = broker;
    const will = { topic: statusTopic(base), payload: Buffer.from('offline') };
    return {
      clientId: this.#clientId,
      username,
      password,
      protocolVersion: this.#protocol.version,
      keepalive: KEEPALIVE_S,
      clean: true,
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      connectTimeout: CONNECT_TIMEOUT_MS,
      ...(tellsStatus && { will: { ...will, qos: 1 as const, retain: true } }),
      ...(this.#protocol.version === 5 && { properties: { maximumPacketSize: PACKET_BYTES_MAX } }),
      ...tlsOptions(tls),
    };
  }
}
