/** Streams of all sorts, in small: their configuration, and messages for them round by round. */
import { Random } from '../streams.ts';
import type { Sender } from './publisher.ts';

const T0_MS = 1_700_000_000_000;
/** Comes last: where it is in the database, everything before it has been taken. */
export const END_SERIES = 'load/end';
/** In the daemon's folder. */
export const STATE_DIR = 'state';
const ARRIVAL = 'arrival';
const MODES = ['idle', 'heating', 'cooling', 'defrost'];

/** One line a stream; all but the last take samples that come so late. */
function streamsConfig(lateness: string): string {
  const common = `lateness: ${lateness}, seasons: [], horizon: 2`;
  const low = `${common}, model: { effort: low, cell: none }`;
  const network = 'effort: balanced, cell: gru, hidden: 4, update_interval: 4, window: 8';
  const each = `time: t, every: 1s, aggregate: none, ${low}`;
  const binned = `values: v, time: t, every: 3s, ${low}`;
  return `
streams:
  - { name: each, topic: "load/each/+", values: v, ${each} }
  - { name: network, topic: load/network, values: v, time: t, every: 1s, aggregate: none,
      ${common}, model: { ${network} } }
  - { name: group, topic: load/group, values: [a, b], ${each} }
  - { name: mean, topic: load/mean, ${binned}, aggregate: mean }
  - { name: last, topic: load/last, ${binned}, aggregate: last }
  - { name: sum, topic: load/sum, ${binned}, aggregate: sum }
  - { name: found, topic: load/found, values: v, time: t, ${low} }
  - { name: symbol, topic: load/symbol, kind: symbol, values: s, ${each} }
  - { name: ${ARRIVAL}, topic: "load/${ARRIVAL}", values: v, time: receive, every: 1s, ${low} }
  - { name: end, topic: ${END_SERIES}, values: v, time: t, every: 1s, aggregate: none, horizon: 1 }
`;
}

export interface DaemonKeys {
  readonly base: string;
  readonly brokerUrl: string;
  readonly databaseUrl: string;
  readonly shards?: number;
  readonly protocol?: '5' | '3.1.1';
  readonly checkpointEvery?: string;
  /** Longest wait before it tries a broker or a database again. */
  readonly retryMax?: string;
  /** Of all streams. */
  readonly lateness?: string;
  /** Further top-level keys, as YAML. */
  readonly more?: string;
}

/** A daemon's configuration; it writes to the database of its base. */
export function daemonConfig(keys: DaemonKeys): string {
  const { base, brokerUrl, databaseUrl, shards = 1, protocol = '5', more = '' } = keys;
  const retry = `retry_min: 50ms, retry_max: ${keys.retryMax ?? '500ms'}`;
  return `
base: ${base}
shards: ${shards}
# How far learning is thinned hangs on the machine, and twins are to learn the same.
overload: wait
# What happens is counted by lines of the log; so each is told.
log: { level: debug }
state: { dir: ${STATE_DIR}, checkpoint_every: ${keys.checkpointEvery ?? '5m'} }
source: { mqtt: { url: "${brokerUrl}", protocol: "${protocol}", ${retry} } }
sinks: { influx: { url: "${databaseUrl}", database: ${base}, health_every: off, ${retry} } }
${more}${streamsConfig(keys.lateness ?? '0s')}`;
}

/** Series that are learned by the time of arrival depend on when a message came. */
export function hasItsOwnTime(series: string): boolean {
  return !series.includes(`/${ARRIVAL}`);
}

export interface LoadOptions {
  /** Share of the messages that cannot be read. */
  readonly brokenShare?: number;
  /** Whether there is a series without times of its own; by default there is. */
  readonly byArrival?: boolean;
  /** Share of the messages that are published twice. */
  readonly twiceShare?: number;
}

/** Messages told by the seed alone, and how many samples of each stream they hold. */
export class Load {
  /** Samples, by stream. */
  readonly samples = new Map<string, number>();
  readonly #random: Random;
  readonly #options: LoadOptions;
  readonly #level = new Float64Array(16).fill(20);
  #round = 0;
  #mode = MODES[0]!;

  constructor(seed: number, options: LoadOptions = {}) {
    this.#random = new Random(seed);
    this.#options = options;
  }

  /** One time step of every stream. */
  publish(sender: Sender): void {
    const t = T0_MS + 1_000 * this.#round++;
    const v = (place: number): number => this.#walk(place);
    for (let i = 0; i < 4; i++) this.#send(sender, 'each', `load/each/${i}`, { t, v: v(i) });
    this.#send(sender, 'network', 'load/network', { t, v: v(4) });
    this.#send(sender, 'group', 'load/group', { t, a: v(5), b: v(6) }, 2);
    // Anywhere in the second.
    const between = t + Math.floor(this.#random.uniform() * 1_000);
    this.#send(sender, 'mean', 'load/mean', { t: between, v: v(7) });
    this.#send(sender, 'last', 'load/last', { t: between, v: v(10) });
    this.#send(sender, 'sum', 'load/sum', { t: between, v: v(11) });
    this.#send(sender, 'found', 'load/found', { t: 2 * t - T0_MS, v: v(8) });
    // Each has been seen after the first rounds, in a known order.
    if (this.#round <= MODES.length) this.#mode = MODES[this.#round - 1]!;
    else if (this.#random.uniform() < 0.2)
      this.#mode = MODES[Math.floor(this.#random.uniform() * 4)]!;
    this.#send(sender, 'symbol', 'load/symbol', { t, s: this.#mode });
    if (this.#options.byArrival === false) return;
    this.#send(sender, ARRIVAL, `load/${ARRIVAL}`, { v: v(9) });
  }

  /** After the last round. */
  publishEnd(sender: Sender): void {
    const payload = JSON.stringify({ t: T0_MS, v: 1 });
    this.#count('end', 1);
    sender.publish(END_SERIES, payload);
  }

  #send(sender: Sender, stream: string, topic: string, message: object, samples = 1): void {
    const { brokenShare = 0, twiceShare = 0 } = this.#options;
    const chance = this.#random.uniform();
    if (chance < brokenShare) {
      this.#count(stream, 1);
      sender.publish(topic, `{ "t": broken ${this.#round}`);
      return;
    }
    const times = chance < brokenShare + twiceShare ? 2 : 1;
    for (let i = 0; i < times; i++) {
      this.#count(stream, samples);
      sender.publish(topic, JSON.stringify(message));
    }
  }

  #count(stream: string, samples: number): void {
    this.samples.set(stream, (this.samples.get(stream) ?? 0) + samples);
  }

  #walk(place: number): number {
    this.#level[place]! += this.#random.normal();
    return Number(this.#level[place]!.toFixed(3));
  }
}
