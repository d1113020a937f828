/**
 * Keeps Home Assistant’s devices in step with the series: new ones are announced, those that are
 * forgotten or not wanted any more are taken back, all are announced again when Home Assistant starts.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config, HomeAssistantConfig } from '../../config/schema.ts';
import { streamName } from '../../config/stream-name.ts';
import type { DaemonLog } from '../incidents.ts';
import type { Monitor, SeriesSummary } from '../monitor.ts';
import {
  announcedOf,
  announcement,
  deviceId,
  discoveryTopic,
  fitsAttributes,
} from './home-assistant.ts';

/** Between two looks at which series there are. */
const SYNC_MS = 5_000;
/** After Home Assistant has started: many programs hear of it at once. */
const BIRTH_MS_MAX = 5_000;
/** Messages without a pause. */
const MESSAGES_A_TURN = 50;
const TURN_MS = 100;

type About = Partial<NonNullable<HomeAssistantConfig['streams']>[number]>;

export interface DiscoveryParts {
  readonly config: Pick<Config, 'base' | 'mqtt'>;
  /** Those that run: a reload changes them. */
  readonly streams: () => Config['streams'];
  readonly version: string;
  readonly monitor: Pick<Monitor, 'board' | 'ready' | 'learned'>;
  /** What an earlier run has learned is kept: a series that nobody knows is no more. */
  readonly knowsAll: boolean;
  readonly log: DaemonLog;
  /** Retained; an empty payload takes back. */
  readonly publish: (topic: string, payload: string) => void;
  /** In [0, 1). */
  readonly random?: () => number;
}

export class Discovery {
  readonly #parts: DiscoveryParts;
  readonly #config: HomeAssistantConfig;
  /** Announced since the start, and their topics. */
  readonly #announced = new Map<string, string>();
  /** Announced by an earlier run, and not by this one: their topics. */
  readonly #leftover = new Map<string, string>();
  readonly #stopped = new AbortController();
  readonly #told = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  /** Home Assistant has started; all is announced again soon. */
  #birth: NodeJS.Timeout | undefined;
  /** To be announced; by series. */
  readonly #waiting = new Map<string, SeriesSummary>();
  #announcing = false;
  #connected = false;

  constructor(parts: DiscoveryParts) {
    this.#parts = parts;
    this.#config = parts.config.mqtt.home_assistant;
  }

  /** By stream that is announced: what is said of its values. */
  get #about(): ReadonlyMap<string, About> {
    const all = this.#parts.streams().map(streamName);
    const chosen = this.#config.streams ?? all.map((name) => ({ name }));
    return new Map(chosen.map((about) => [about.name, about]));
  }

  /** Topics that it has to hear of: Home Assistant’s birth, and what an earlier run has announced. */
  get filters(): string[] {
    const { base } = this.#parts.config;
    const { enabled, prefix } = this.#config;
    const own = discoveryTopic(prefix, base, '+');
    return enabled ? [own, `${prefix}/status`] : [own];
  }

  start(): void {
    if (this.#config.enabled) this.#timer = setInterval(() => this.sync(), SYNC_MS);
  }

  stop(): void {
    this.#stopped.abort();
    clearInterval(this.#timer);
    clearTimeout(this.#birth);
  }

  /** The broker may have lost what it kept. */
  onConnected(): void {
    this.#connected = true;
    this.#announceAll();
  }

  onMessage(topic: string, payload: string): void {
    const { enabled, prefix } = this.#config;
    if (enabled && topic === `${prefix}/status`) {
      if (payload === 'online') this.#born();
      return;
    }
    const found = announcedOf(payload);
    if (!found) return;
    const isWanted = enabled && this.#about.has(found.stream);
    if (isWanted && discoveryTopic(prefix, this.#parts.config.base, this.#idOf(found)) === topic) {
      if (!this.#announced.has(found.series)) this.#leftover.set(found.series, topic);
    } else {
      this.#parts.publish(topic, '');
    }
  }

  /** Announces what is new, takes back what is gone. */
  sync(): void {
    if (!this.#connected || !this.#config.enabled) return;
    const wanted = this.#wanted();
    const names = new Set(wanted.map(({ series }) => series));
    for (const [series, topic] of this.#announced) {
      if (names.has(series)) continue;
      this.#announced.delete(series);
      this.#waiting.delete(series);
      this.#parts.publish(topic, '');
    }
    void this.#announce(wanted.filter(({ series }) => !this.#announced.has(series)));
    void this.#takeBack();
  }

  #born(): void {
    const { random = Math.random } = this.#parts;
    clearTimeout(this.#birth);
    this.#birth = setTimeout(() => this.#announceAll(), BIRTH_MS_MAX * random());
  }

  #announceAll(): void {
    if (this.#config.enabled) void this.#announce(this.#wanted());
  }

  async #announce(all: readonly SeriesSummary[]): Promise<void> {
    for (const summary of all) this.#waiting.set(summary.series, summary);
    if (this.#announcing) return;
    this.#announcing = true;
    for (let count = 1; this.#waiting.size > 0 && !this.#stopped.signal.aborted; count++) {
      const [summary] = this.#waiting.values();
      this.#waiting.delete(summary!.series);
      const message = this.#messageOf(summary!);
      if (!message) continue;
      this.#parts.publish(message.topic, message.payload);
      this.#announced.set(summary!.series, message.topic);
      this.#leftover.delete(summary!.series);
      if (count % MESSAGES_A_TURN === 0) await sleep(TURN_MS);
    }
    this.#announcing = false;
  }

  /** undefined: its stream has gone meanwhile. */
  #messageOf(summary: SeriesSummary): ReturnType<typeof announcement> | undefined {
    const { config, streams, version } = this.#parts;
    const { base } = config;
    const stream = streams().find((one) => streamName(one) === summary.stream);
    if (!stream) return undefined;
    if (!fitsAttributes(stream, summary.kind)) {
      const why = 'its forecasts are larger than attributes may be (16 KiB)';
      this.#tell(`stream ${summary.stream} has no attributes: ${why}; a shorter horizon has them`);
    }
    const about = this.#about.get(summary.stream) ?? {};
    return announcement(summary, { base, version, prefix: this.#config.prefix, stream, about });
  }

  /** In order of first appearance, stream by stream. */
  #wanted(): SeriesSummary[] {
    const { devices_max: max } = this.#config;
    const { board } = this.#parts.monitor;
    const wanted: SeriesSummary[] = [];
    let matched = 0;
    for (const stream of this.#about.keys()) {
      const limit = Math.max(1, max - wanted.length);
      const found = board.rows({ stream, limit });
      // Without regard to case, two streams may seem to be one.
      const rows = found.rows.filter((row) => row.stream === stream);
      matched += found.matched;
      wanted.push(...rows.slice(0, max - wanted.length));
    }
    if (matched > max) {
      const how = 'raise mqtt.home_assistant.devices_max, or name the streams that matter';
      this.#tell(`${matched} series, of which the first ${max} are announced; ${how}`);
    }
    return wanted;
  }

  /** Those of an earlier run that are no more. */
  async #takeBack(): Promise<void> {
    const { knowsAll, monitor, publish } = this.#parts;
    if (!knowsAll || !monitor.ready) return;
    for (const [series, topic] of [...this.#leftover]) {
      this.#leftover.delete(series);
      // One that has been silent since the start is on no board, and known all the same.
      const isKnown = await monitor.learned(series).catch(() => true);
      if (!isKnown && !this.#announced.has(series)) publish(topic, '');
    }
  }

  #idOf({ series }: { readonly series: string }): string {
    return deviceId(this.#parts.config.base, series);
  }

  /** Once. */
  #tell(text: string): void {
    if (this.#told.has(text)) return;
    this.#told.add(text);
    this.#parts.log.warn(`home assistant: ${text}`);
  }
}
