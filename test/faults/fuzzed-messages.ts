/**
 * Messages that no device should send, between those of some sound series: nothing crashes, nothing
 * is learned wrongly beside them, no line comes out that was not meant, all is accounted for.
 */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { parseConfig } from '../../src/config/load.ts';
import { InlineCore } from '../../src/daemon/inline-core.ts';
import { prepareCore } from '../../src/daemon/prepare.ts';
import { SeriesRegistry } from '../../src/decode/series.ts';
import { createIntake } from '../../src/decode/stream-decoder.ts';
import { decodeRecord, encodeRecord } from '../../src/journal/codec.ts';
import { type StreamAccounting, sumAccounting, unaccounted } from '../../src/observe/accounting.ts';
import { LineEncoder } from '../../src/sink/line-protocol.ts';
import type { Message } from '../../src/source/source.ts';
import type { SeriesPoints } from '../../src/store/points.ts';
import { Fuzzer, type FuzzMessage } from '../support/fuzz.ts';
import { nameOfTag, readLine } from '../support/line-reader.ts';
import { throughServers } from './fuzzed-servers.ts';
import { FaultError, type Scenario } from './scenario.ts';

const SOUND_SERIES = 4;
/** One in so many messages is sound. */
const SOUND_EVERY = 5;
const BATCH = 50;
const T0_MS = 1_700_000_000_000;
/** Of the messages, so many go through real servers, too. */
const SERVED_SHARE = 1 / 10;
const SERVED_MAX = 5_000;
const MEASUREMENTS = new Set(['actual', 'forecast', 'forecast_score', 'forecast_event']);
const TAGS = new Set(['series', 'symbol', 'lead', 'kind']);

/** Every series begins with a topic: a test goes by that. */
export const STREAMS = `
  - { name: sound, topic: "sound/+", time: t, values: v, every: 1s, aggregate: none, horizon: 3,
      model: { effort: simple, hidden: 4 } }
  - { name: fuzz, topic: "fuzz/#", time: t, every: 1s, aggregate: none, horizon: 2, series_max: 50,
      model: { effort: simple, cell: none } }
  - { name: csv, topic: "csv/#", payload: csv, time: "1", every: 1s, aggregate: none, horizon: 2,
      series_max: 50, model: { effort: simple, cell: none } }
  - { name: sym, topic: "sym/+", kind: symbol, time: t, values: s, every: 1s, horizon: 2,
      symbols_max: 8, model: { effort: simple, cell: none } }
  - { name: num, topic: "num/#", payload: number, every: 1s, horizon: 2, series_max: 20,
      model: { effort: simple, cell: none } }
  - { name: cbor, topic: "cbor/#", payload: cbor, time: t, every: 1s, aggregate: none, horizon: 2,
      series_max: 50, model: { effort: simple, cell: none } }
  - { name: pack, topic: "pack/#", payload: msgpack, time: t, every: 1s, aggregate: none, horizon: 2,
      series_max: 50, model: { effort: simple, cell: none } }
  - { name: line, topic: "line/#", payload: line_protocol, every: 1s, aggregate: none, horizon: 2,
      series: "{topic}/{measurement},{tags}/{field}", series_max: 50, model: { effort: simple, cell: none } }
  - { name: spark, topic: "spBv1.0/#", payload: sparkplug, every: 1s, aggregate: last, horizon: 2,
      series: "spBv1.0/{topic[1]}/NBIRTH/n/{topic[4]}{field}", series_max: 50, model: { effort: simple, cell: none } }
`;

export const fuzzedMessages: Scenario = {
  name: 'fuzzed-messages',
  faultModel:
    'topics and payloads of noise, broken and deep JSON, broken binary formats and lines, huge numbers, separators and control ' +
    'characters in names, between the messages of sound series',
  longRuns: 1_000_000,
  async run({ runs, seed, log }) {
    const sound = await life(soundAlone(runs), seed);
    log('the sound series alone: done');
    const fuzzed = await life(mixed(runs, seed), seed);
    log('between fuzzed messages: done');
    sameSound(sound, fuzzed, seed);
    const served = Math.min(SERVED_MAX, Math.ceil(runs * SERVED_SHARE));
    const { points } = await throughServers([...mixed(served, seed)], seed);
    const { received = 0, invalid = 0, filtered = 0 } = total(fuzzed.accounts.values());
    const { learned = 0 } = total(fuzzed.accounts.values());
    return {
      counts: { messages: runs, received, learned, invalid, filtered, lines: fuzzed.lines, points },
    };
  },
};

function total(accounts: Iterable<StreamAccounting>): Partial<StreamAccounting> {
  const sum: Record<string, number> = {};
  for (const account of accounts) {
    for (const [key, count] of Object.entries(account)) sum[key] = (sum[key] ?? 0) + count;
  }
  return sum;
}

/** The sound series come first, so that they have the same ids in both lives. */
function* mixed(count: number, seed: number): Generator<FuzzMessage> {
  const fuzzer = new Fuzzer(seed);
  for (let i = 0; i < count; i++) {
    if (i < SOUND_SERIES || i % SOUND_EVERY === 0) yield soundMessage(i);
    else yield fuzzer.next();
  }
}

function* soundAlone(count: number): Generator<FuzzMessage> {
  for (let i = 0; i < count; i++) {
    if (i < SOUND_SERIES || i % SOUND_EVERY === 0) yield soundMessage(i);
  }
}

function soundMessage(i: number): FuzzMessage {
  const t = T0_MS + 1_000 * i;
  const v = 20 + 5 * Math.sin(i / 40) + ((i * 7_919) % 100) / 100;
  return {
    topic: `sound/${i % SOUND_SERIES}`,
    payload: Buffer.from(JSON.stringify({ t, v })),
  };
}

interface Life {
  readonly accounts: ReadonlyMap<string, StreamAccounting>;
  /** Of the sound series, by name. */
  readonly states: ReadonlyMap<string, Uint8Array>;
  /** Of the sound series, all lines in a row: their hash, as a million messages make gigabytes. */
  readonly sound: string;
  readonly lines: number;
}

/** Intake → journal's bytes and back → core → line protocol. */
async function life(messages: Iterable<FuzzMessage>, seed: number): Promise<Life> {
  const config = parseConfig(`streams:\n${STREAMS}`, 'fuzz.yaml', {}, '/');
  const { settings, engines } = await prepareCore(config, { warn: () => {} });
  const registry = new SeriesRegistry();
  let rejected = 0;
  const intake = createIntake(config.streams, registry, {
    live: true,
    onRejection: () => {
      rejected++;
    },
  });
  const core = new InlineCore(settings, engines);
  const check = new LineCheck(registry, seed);
  let offset = 0;
  let samples = 0;
  for (const batch of batches(messages)) {
    const entries = intake.decode(batch);
    const bytes = encodeRecord({ atMs: 0, entries });
    const kept = decodeRecord(bytes, (id) => registry.get(id)).entries;
    for (const entry of kept) if (entry.kind === 'samples') samples += entry.batch.count;
    check.add(named(await core.apply(kept, offset), registry));
    offset += kept.length;
  }
  const streams = config.streams.map(({ name }) => name!);
  const accounts = sumAccounting(streams, [intake.counts(), core.counts()]);
  for (const [stream, account] of accounts) {
    const missing = unaccounted(account);
    if (missing !== 0) throw new FaultError(seed, `stream ${stream}: ${missing} unaccounted`);
  }
  const { received } = total(accounts.values());
  if (received !== samples + rejected) {
    throw new FaultError(seed, `${received} received, but ${samples} taken and ${rejected} not`);
  }
  const states = new Map<string, Uint8Array>();
  for (const { id, bytes } of await core.save(Number.POSITIVE_INFINITY)) {
    const { stream, name } = registry.get(id)!;
    if (stream === 'sound') states.set(name, bytes);
  }
  return { accounts, states, sound: check.sound(), lines: check.lines };
}

function* batches(messages: Iterable<FuzzMessage>): Generator<Message[]> {
  let batch: Message[] = [];
  let at = T0_MS;
  for (const { topic, payload } of messages) {
    at += 10;
    batch.push({ topic, payload, receivedMs: at, retained: false, where: `topic ${topic}` });
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}

/** As the core of one thread gives them: symbols without their names get these. */
function named(points: readonly SeriesPoints[], registry: SeriesRegistry): SeriesPoints[] {
  return points.map((some) => {
    if (!some.symbols) return some;
    const names = registry.find(some.series)?.symbols ?? [];
    const { symbols } = some;
    const known = symbols.names.length > 0 ? symbols.names : names;
    return { ...some, symbols: { ...symbols, names: known } };
  });
}

/** Reads every line as a database would. */
class LineCheck {
  readonly #registry: SeriesRegistry;
  readonly #seed: number;
  readonly #encoder = new LineEncoder({ actual: true, precision: 'ms' });
  readonly #sound = createHash('sha256');
  lines = 0;

  constructor(registry: SeriesRegistry, seed: number) {
    this.#registry = registry;
    this.#seed = seed;
  }

  add(points: readonly SeriesPoints[]): void {
    for (const some of points) {
      const { lines, rejected } = this.#encoder.encode([some]);
      const refused = rejected.find(({ detail }) => detail.includes('not a finite number'));
      if (refused) this.#fail(`${JSON.stringify(some.series)}: ${refused.detail}`);
      const wanted = lineCount(some);
      if (lines.length + rejected.length !== wanted) {
        this.#fail(`${lines.length} lines and ${rejected.length} refused, not ${wanted}`);
      }
      for (const line of lines) this.#check(line, some);
      this.lines += lines.length;
      if (some.stream === 'sound') for (const line of lines) this.#sound.update(line);
    }
  }

  /** Once, at the end. */
  sound(): string {
    return this.#sound.digest('hex');
  }

  #check(line: string, { series, symbols }: SeriesPoints): void {
    // As it goes over the wire.
    const { measurement, tags } = readLine(Buffer.from(line).toString());
    if (!MEASUREMENTS.has(measurement)) this.#fail(`measurement ${measurement}: ${line}`);
    for (const key of tags.keys()) if (!TAGS.has(key)) this.#fail(`tag ${key}: ${line}`);
    const name = nameOfTag(tags.get('series') ?? '');
    if (name !== series || !this.#registry.find(name)) {
      this.#fail(`series ${JSON.stringify(series)} reads ${JSON.stringify(name)}: ${line}`);
    }
    const symbol = tags.get('symbol');
    if (symbol !== undefined && !symbols?.names.includes(nameOfTag(symbol))) {
      this.#fail(`symbol ${JSON.stringify(symbol)} is none of ${JSON.stringify(symbols?.names)}`);
    }
  }

  #fail(what: string): never {
    throw new FaultError(this.#seed, what);
  }
}

function lineCount({ symbols, actual, anomaly, change, scores, mean, targetMs }: SeriesPoints) {
  if (symbols) {
    const { names, actual: code } = symbols;
    return Number(code >= 0) + symbols.scores.length + targetMs.length * names.length;
  }
  const hasActual = !Number.isNaN(actual) || !Number.isNaN(anomaly);
  return Number(hasActual) + Number(change !== 0) + scores.length + mean.length;
}

function sameSound(alone: Life, fuzzed: Life, seed: number): void {
  if (alone.states.size !== SOUND_SERIES) throw new FaultError(seed, 'sound series are missing');
  for (const [name, state] of alone.states) {
    const other = fuzzed.states.get(name);
    if (!other || Buffer.compare(state, other) !== 0) {
      throw new FaultError(seed, `${name}: another state beside fuzzed messages than alone`);
    }
  }
  if (alone.sound !== fuzzed.sound) {
    throw new FaultError(seed, 'the sound series were told otherwise beside fuzzed messages');
  }
  if (!isDeepStrictEqual(alone.accounts.get('sound'), fuzzed.accounts.get('sound'))) {
    throw new FaultError(seed, 'the sound series were counted otherwise');
  }
}
