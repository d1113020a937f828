/** The pool over stand-ins for threads, that are slow and die as the seed has it. */
import { afterEach, describe, expect, it } from 'vitest';
import { coreJournal, ENGINES, SETTINGS, T0 } from '../../test/support/core-journal.ts';
import { SlowPort } from '../../test/support/slow-port.ts';
import { Random } from '../../test/support/streams.ts';
import type { SeriesInfo } from '../decode/series.ts';
import type { JournalEntry } from '../journal/journal.ts';
import type { SeriesPoints } from '../store/points.ts';
import type { Core } from './core.ts';
import { InlineCore } from './inline-core.ts';
import { ShardPool } from './shard-pool.ts';

interface Outcome {
  readonly points: SeriesPoints[][];
  readonly counts: Record<string, unknown>;
}

/** All handed over with up to `depth` batches under way. */
async function run(core: Core, depth: number, seed = 1): Promise<Outcome> {
  const points: SeriesPoints[][] = [];
  const waiting: Promise<readonly SeriesPoints[]>[] = [];
  let offset = 0;
  for (const entries of coreJournal(150, seed)) {
    waiting.push(core.apply(entries, offset));
    offset += entries.length;
    if (waiting.length >= depth) points.push([...(await waiting.shift()!)]);
  }
  for (const batch of waiting) points.push([...(await batch)]);
  const counts = Object.fromEntries(structuredClone([...core.counts()]));
  points.push([...(await core.finish())]);
  return { points, counts };
}

/** A group of four and a series alone go in the middle; their names come again as new series. */
async function runForgetting(core: Core, seed: number) {
  const entries = [...coreJournal(80, seed)];
  const ids = [4, 5, 7, 9];
  const renewed = new Map(ids.map((id, i) => [id, 100 + i]));
  const waiting: Promise<readonly SeriesPoints[]>[] = [];
  let offset = 0;
  let received = 0;
  let forgotten: Awaited<ReturnType<Core['forget']>> = new Map();
  const infos = new Map<number, SeriesInfo>();
  for (const [i, batch] of entries.entries()) {
    if (i === 50) {
      await Promise.all(waiting);
      forgotten = await core.forget(ids);
      const again = ids.map((id) => ({ ...infos.get(id)!, id: renewed.get(id)! }));
      const series = again.map((info): JournalEntry => ({ kind: 'series', series: info }));
      waiting.push(core.apply(series, offset));
      offset += series.length;
    }
    for (const entry of batch) {
      if (entry.kind === 'series') infos.set(entry.series.id, entry.series);
      if (entry.kind !== 'samples') continue;
      received += entry.batch.count;
      if (i < 50) continue;
      entry.batch.seriesId.forEach((id, at) => {
        entry.batch.seriesId[at] = renewed.get(id) ?? id;
      });
    }
    waiting.push(core.apply(batch, offset));
    offset += batch.length;
  }
  const points = (await Promise.all(waiting)).flat();
  const counts = structuredClone(new Map(core.counts()));
  let sum = 0;
  for (const part of [counts, forgotten]) {
    for (const own of part.values()) for (const count of Object.values(own)) sum += count;
  }
  expect(sum).toBe(received);
  return { points, forgotten, counts };
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
      adopt: (groups, emitAfter) => core.adopt(groups, emitAfter),
      save: (countMax) => core.save(countMax),
      forget: (ids) => core.forget(ids),
      finish: () => core.finish(),
      counts: () => core.counts(),
      view: (id) => core.view(id),
      close: () => core.close(),
      unsavedCount: 0,
      unsavedFrom: undefined,
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

  it('forgets series as one shard does, wherever threads die, and others go on as they were', async () => {
    let deaths = 0;
    for (let seed = 1; seed <= 3; seed++) {
      const alone = await runForgetting(new InlineCore(SETTINGS, ENGINES), seed);
      expect([...alone.forgotten.values()].some(({ learned }) => learned > 0)).toBe(true);
      const random = new Random(seed);
      const { core, said } = pool(1 + (seed % 3), () => {
        const chance = random.uniform();
        return chance < 0.04 ? 'dies before' : chance < 0.08 ? 'dies after' : 'live';
      });
      expect(await runForgetting(core, seed)).toEqual(alone);
      deaths += said.length;
    }
    expect(deaths).toBeGreaterThan(10);
  });

  it('shows what one shard would have learned, also when the thread dies over it', async () => {
    const alone = new InlineCore(SETTINGS, ENGINES);
    const { core, ports } = pool(2);
    let offset = 0;
    for (const entries of coreJournal(100, 1)) {
      await alone.apply(entries, offset);
      await core.apply(entries, offset);
      offset += entries.length;
    }
    for (let id = 0; id < 15; id++) {
      const view = core.view(id);
      if (id % 5 === 0) ports[id % 2]!.die('out of memory');
      const expected = await alone.view(id);
      expect(expected!.channels.length).toBeGreaterThan(0);
      expect(await view).toEqual(expected);
    }
    expect(await core.view(99)).toBeUndefined();
    expect(await alone.view(99)).toBeUndefined();
  });

  it('counts what is under way as pending, so that the account always adds up', async () => {
    const { core } = pool(3);
    let [offset, received] = [0, 0];
    for (const entries of coreJournal(30, 3)) {
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

  it('gives what an idle shard holds, in its turn', async () => {
    const { core } = pool(2);
    const infos = [0, 1, 2, 3].map((id) => ({ ...ALONE, id, name: `s${id}` }));
    await core.apply(
      infos.map((series) => ({ kind: 'series', series })),
      0,
    );
    let offset = 4;
    for (const { id } of infos) await core.apply([sampleOf(id, 0)], offset++);
    for (let i = 1; i <= 300; i++) {
      await core.apply([sampleOf(0, i)], offset++);
      if (i % 20 === 0) await core.save(4);
    }
    expect(core.unsavedFrom ?? offset).toBeGreaterThan(200);
    while (core.unsavedCount > 0) await core.save(1);
    expect(core.unsavedFrom).toBeUndefined();
  });

  it('needs the entries that a group under way brings along', async () => {
    const { core } = pool(1);
    const entries = { ...NO_ENTRIES, offset: Float64Array.of(3), seriesId: Int32Array.of(0) };
    const adopted = core.adopt(
      [
        {
          series: [ALONE],
          saved: undefined,
          entries: { ...entries, timeMs: Float64Array.of(T0), value: Float64Array.of(1) },
          through: 9,
        },
      ],
      9,
    );
    expect(core.unsavedFrom).toBe(3);
    await adopted;
    expect((await core.save(9)).map(({ from }) => from)).toEqual([3]);
  });

  it('does not give a thread that takes over a state that was refused before', async () => {
    const { core, ports } = pool(1);
    const saved = { id: 0, offset: 5, bytes: new Uint8Array(3) };
    const group = { series: [ALONE], saved, entries: NO_ENTRIES, through: 9 };
    expect((await core.adopt([group], 9)).refused).toHaveLength(1);
    ports[0]!.die('struck');
    await core.apply([sampleOf(0, 1)], 10);
    expect(ports).toHaveLength(2);
    const counts = Object.values(core.counts().get('fast')!);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1);
  });
});

const ALONE = { id: 0, stream: 'fast', name: 's0', receiveTime: false };
const NO_ENTRIES = {
  offset: new Float64Array(0),
  seriesId: new Int32Array(0),
  timeMs: new Float64Array(0),
  value: new Float64Array(0),
};

function sampleOf(id: number, step: number): JournalEntry {
  const timeMs = Float64Array.of(T0 + 1_000 * step);
  const batch = { count: 1, seriesId: Int32Array.of(id), timeMs, value: Float64Array.of(step % 7) };
  return { kind: 'samples', batch };
}
