/** The pool over stand-ins for threads, that are slow and die as the seed has it. */
import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { streamSettings } from '../../test/support/stream-settings.ts';
import { Random } from '../../test/support/streams.ts';
import type { SeriesInfo } from '../decode/series.ts';
import type { JournalEntry } from '../journal/journal.ts';
import type { SeriesPoints } from '../store/points.ts';
import { type Core, InlineCore } from './core.ts';
import { loadEngines } from './engines.ts';
import type { StreamSettings } from './settings.ts';
import { Shard } from './shard.ts';
import { ShardHost } from './shard-host.ts';
import { ShardPool } from './shard-pool.ts';
import type { ShardPort, ShardRequest, ShardWorkerData } from './shard-protocol.ts';

const T0 = 1_700_000_000_000;
const STREAM = streamSettings({
  name: 'fast',
  horizon: 3,
  seasons: [{ ms: 7_000 }],
  coverage: [0.9, 0.8],
  scoreLeads: [1, 3],
  reportWeights: true,
  recurrent: {
    cell: 'gru',
    hidden: 3,
    layers: 1,
    updateSteps: 2,
    windowSteps: 6,
    optimizer: 'adam',
    learningRate: 0.01,
    clipNorm: 1,
  },
  effort: 'low',
});
const SETTINGS = new Map<string, StreamSettings>([
  ['fast', STREAM],
  [
    'clock',
    {
      ...STREAM,
      name: 'clock',
      align: { ...STREAM.align, aggregate: 'mean' },
      recurrent: undefined,
    },
  ],
  ['states', { ...STREAM, name: 'states', symbolsMax: 6 }],
]);

const ENGINES = await loadEngines(SETTINGS, () => {});

/** Series come one by one; samples in disorder, twice or far off now and then; the clock ticks. */
function* journal(batches: number, seed: number): Generator<JournalEntry[]> {
  const random = new Random(seed);
  let [series, seconds] = [0, 0];
  const vocabularies: SeriesInfo[] = [];
  for (let b = 0; b < batches; b++) {
    const entries: JournalEntry[] = [];
    if (series < 15 && b % 3 === 0) {
      const states = series >= 12;
      const stream = states ? 'states' : series % 3 === 0 ? 'clock' : 'fast';
      const receiveTime = stream === 'clock';
      // Two in three of a stream belong together, four by four.
      const group = { key: `g${series >> 2}`, channel: series & 3, channels: 4 };
      const alone = { id: series, stream, name: `s${series}`, receiveTime };
      const info: SeriesInfo = receiveTime || states ? alone : { ...alone, group };
      if (states) vocabularies[series] = info;
      entries.push({ kind: 'series', series: info });
      series++;
    }
    const count = Math.floor(random.uniform() * 20);
    const batch = {
      count,
      seriesId: new Int32Array(count),
      timeMs: new Float64Array(count),
      value: new Float64Array(count),
    };
    for (let i = 0; i < count; i++) {
      seconds += random.uniform() < 0.9 ? random.uniform() / 3 : -1;
      batch.seriesId[i] = Math.floor(random.uniform() * series);
      batch.timeMs[i] = T0 + 1000 * (random.uniform() < 0.01 ? seconds * 10 : seconds);
      const named = vocabularies[batch.seriesId[i]!];
      batch.value[i] = named ? symbolCode(named, random) : random.normal();
    }
    if (count > 0) entries.push({ kind: 'samples', batch });
    if (b % 11 === 2) entries.push({ kind: 'thin', factor: 2 ** (b % 4) });
    if (b % 7 === 0) entries.push({ kind: 'tick', timeMs: T0 + 1000 * seconds });
    yield entries;
  }
}

/** Symbols are named as they come, which threads do not hear of. */
function symbolCode(info: SeriesInfo, random: Random): number {
  info.symbols ??= [];
  const code = Math.floor(random.uniform() * Math.min(6, info.symbols.length + 1));
  info.symbols[code] ??= `state ${code}`;
  return code;
}

/** A thread that is none: copies what passes, and takes its time. */
class SlowPort extends EventEmitter implements ShardPort {
  readonly #host: ShardHost;
  readonly #fate: () => 'live' | 'dies before' | 'dies after';
  readonly #queue: ShardRequest[] = [];
  #working = false;
  #ended = false;

  constructor({ settings }: ShardWorkerData, fate: () => 'live' | 'dies before' | 'dies after') {
    super();
    this.#host = new ShardHost(new Shard(settings, ENGINES));
    this.#fate = fate;
  }

  postMessage(request: ShardRequest): void {
    this.#queue.push(structuredClone(request));
    if (this.#working) return;
    this.#working = true;
    setImmediate(() => this.#work());
  }

  async terminate(): Promise<void> {
    this.#ended = true;
  }

  die(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.emit('error', new Error(reason));
    this.emit('exit', 1);
  }

  #work(): void {
    const request = this.#queue.shift();
    this.#working = request !== undefined;
    if (!request || this.#ended) return;
    const fate = request.kind === 'restore' ? 'live' : this.#fate();
    if (fate === 'dies before') return this.die('struck');
    const reply = this.#host.handle(request);
    if (fate === 'dies after') return this.die('struck');
    if (reply) this.emit('message', structuredClone(reply));
    setImmediate(() => this.#work());
  }
}

interface Outcome {
  readonly points: SeriesPoints[][];
  readonly counts: Record<string, unknown>;
}

/** All handed over with up to `depth` batches under way. */
async function run(core: Core, depth: number, seed = 1): Promise<Outcome> {
  const points: SeriesPoints[][] = [];
  const waiting: Promise<readonly SeriesPoints[]>[] = [];
  let offset = 0;
  for (const entries of journal(150, seed)) {
    waiting.push(core.apply(entries, offset));
    offset += entries.length;
    if (waiting.length >= depth) points.push([...(await waiting.shift()!)]);
  }
  for (const batch of waiting) points.push([...(await batch)]);
  const counts = Object.fromEntries(structuredClone([...core.counts()]));
  points.push([...(await core.finish())]);
  return { points, counts };
}

let open: Core[] = [];
afterEach(async () => {
  await Promise.all(open.map((core) => core.close()));
  open = [];
});

function pool(
  shards: number,
  fate: () => 'live' | 'dies before' | 'dies after' = () => 'live',
): { core: ShardPool; ports: SlowPort[]; said: string[] } {
  const ports: SlowPort[] = [];
  const said: string[] = [];
  const core = new ShardPool({
    shards,
    settings: SETTINGS,
    onRestart: (text) => said.push(text),
    startWorker: (data) => {
      const port = new SlowPort(data, fate);
      ports.push(port);
      return port;
    },
  });
  open.push(core);
  return { core, ports, said };
}

describe('ShardPool', () => {
  it('gives the same points in the same order as one shard, however many there are', async () => {
    const alone = await run(new InlineCore(SETTINGS, ENGINES), 1);
    expect(alone.points.flat().length).toBeGreaterThan(500);
    const named = alone.points.flat().map(({ symbols }) => symbols?.names.length ?? 0);
    expect(Math.max(...named)).toBe(6);
    for (const [shards, depth] of [
      [1, 1],
      [2, 8],
      [3, 64],
      [7, 200],
    ] as const) {
      expect(await run(pool(shards).core, depth)).toEqual(alone);
    }
  });

  it('loses nothing and doubles nothing when threads die, wherever they are', async () => {
    let deaths = 0;
    for (let seed = 1; seed <= 5; seed++) {
      const alone = await run(new InlineCore(SETTINGS, ENGINES), 1, seed);
      const random = new Random(seed);
      const { core, said } = pool(1 + (seed % 3), () => {
        const chance = random.uniform();
        return chance < 0.03 ? 'dies before' : chance < 0.06 ? 'dies after' : 'live';
      });
      expect(await run(core, 1 + seed * 4, seed)).toEqual(alone);
      deaths += said.length;
    }
    expect(deaths).toBeGreaterThan(30);
  });

  it('restores from saved states, with few entries to apply again, and says so', async () => {
    const { core, ports, said } = pool(2);
    const alone = await run(new InlineCore(SETTINGS, ENGINES), 1, 9);
    let batches = 0;
    const killing: Core = {
      apply: (entries, offset) => {
        if (batches++ === 140) ports[1]!.die('out of memory');
        return core.apply(entries, offset);
      },
      finish: () => core.finish(),
      counts: () => core.counts(),
      close: () => core.close(),
    };
    expect(await run(killing, 4, 9)).toEqual(alone);
    expect(said).toHaveLength(1);
    const match =
      /^shard \d of 2: thread died \(out of memory\); another one took over: (\d+) of (\d+) series from their saved states, (\d+) entries applied again$/.exec(
        said[0]!,
      );
    const [saved, series, again] = match!.slice(1).map(Number);
    expect(saved).toBe(series);
    // One save for 64 samples: so many for each series, and what is in one batch.
    expect(again).toBeLessThanOrEqual(64 * series! + 20);
  });

  it('counts what is under way as pending, so that the account always adds up', async () => {
    const { core } = pool(3);
    let [offset, received] = [0, 0];
    for (const entries of journal(30, 3)) {
      for (const entry of entries) if (entry.kind === 'samples') received += entry.batch.count;
      core.apply(entries, offset);
      offset += entries.length;
      await new Promise((resolve) => setImmediate(resolve));
      let sum = 0;
      for (const counts of core.counts().values()) {
        for (const count of Object.values(counts)) sum += count;
      }
      expect(sum).toBe(received);
    }
  });

  it('starts no thread before it has a series', async () => {
    const { core, ports } = pool(64);
    await core.apply([{ kind: 'tick', timeMs: T0 }], 0);
    expect(await core.finish()).toEqual([]);
    expect(ports).toHaveLength(0);
    await run(core, 1);
    expect(ports.length).toBeLessThanOrEqual(12);
  });

  it('gives up, with the reason, when the same work kills thread after thread', async () => {
    const { core, ports, said } = pool(2, () => 'dies before');
    await expect(run(core, 10)).rejects.toThrow(
      'a shard’s thread died 4 times at the same work: struck',
    );
    expect(said.length).toBeGreaterThanOrEqual(3);
    expect(ports.length).toBeLessThanOrEqual(8);
    await expect(core.finish()).rejects.toThrow('struck');
  });
});
