/** Streams come, go and change while the core runs; the others must not notice. */
import { afterEach, describe, expect, it } from 'vitest';
import { coreJournal, ENGINES, SETTINGS } from '../../test/support/core-journal.ts';
import { SlowPort } from '../../test/support/slow-port.ts';
import { Random } from '../../test/support/streams.ts';
import type { SeriesInfo } from '../decode/series.ts';
import type { JournalEntry } from '../journal/journal.ts';
import type { SeriesPoints } from '../store/points.ts';
import type { Core } from './core.ts';
import { InlineCore } from './inline-core.ts';
import type { Reconfigurable, Reconfiguration } from './reconfiguration.ts';
import type { StreamSettings } from './settings.ts';
import type { SavedSeries } from './shard.ts';
import { ShardPool } from './shard-pool.ts';

const BATCHES = 150;
/** The clock's stream goes, the one of states changes, and a new one is there. */
const STATES = { ...SETTINGS.get('states')!, scoreLeads: [2] };
const AFTER = new Map<string, StreamSettings>([
  ['new', { ...STATES, name: 'new' }],
  ['states', STATES],
  ['fast', SETTINGS.get('fast')!],
]);
const ENGINES_AFTER = new Map([...AFTER.keys()].map((name) => [name, ENGINES.get('fast')!]));
const CHANGE: Reconfiguration = {
  settings: AFTER,
  dropped: new Set(['clock']),
  changed: new Set(['states']),
};

const open: Core[] = [];
afterEach(async () => {
  for (const core of open.splice(0)) await core.close();
});

function inline(settings = SETTINGS): InlineCore {
  return new InlineCore(settings, settings === SETTINGS ? ENGINES : ENGINES_AFTER);
}

function pool(shards: number, fate: () => 'live' | 'dies before' | 'dies after'): ShardPool {
  const core = new ShardPool({
    shards,
    settings: SETTINGS,
    onRestart: () => {},
    startWorker: (data) => new SlowPort(data, fate),
  });
  open.push(core);
  return core;
}

interface Run {
  readonly points: ReadonlyMap<string, readonly SeriesPoints[]>;
  readonly states: ReadonlyMap<number, Uint8Array>;
  readonly counts: ReadonlyMap<string, unknown>;
  /** As they were given when the core was changed. */
  readonly given: readonly SavedSeries[];
  readonly series: readonly SeriesInfo[];
}

/** @param at the batch before which it is changed; undefined: never */
async function run(core: Core & Reconfigurable, at?: number, seed = 1): Promise<Run> {
  const points = new Map<string, SeriesPoints[]>();
  const states = new Map<number, Uint8Array>();
  const series: SeriesInfo[] = [];
  let given: readonly SavedSeries[] = [];
  let offset = 0;
  for (const [i, all] of [...coreJournal(BATCHES, seed)].entries()) {
    if (i === at) {
      given = await saveAll(core, new Set(['clock', 'states']));
      for (const { id, bytes } of given) states.set(id, bytes);
      expect(await core.reconfigure(CHANGE, ENGINES_AFTER)).toEqual([]);
    }
    const isGone = (id: number): boolean =>
      at !== undefined && i >= at && series[id]?.stream === 'clock';
    for (const entry of all) if (entry.kind === 'series') series.push(entry.series);
    const entries = all.map((entry) => without(entry, isGone));
    for (const p of await core.apply(entries, offset)) {
      points.set(p.series, [...(points.get(p.series) ?? []), p]);
    }
    offset += entries.length;
  }
  for (const { id, bytes } of await core.save(Number.POSITIVE_INFINITY)) states.set(id, bytes);
  return { points, states, counts: structuredClone(new Map(core.counts())), given, series };
}

async function saveAll(
  core: Reconfigurable,
  streams: ReadonlySet<string>,
): Promise<readonly SavedSeries[]> {
  const all: SavedSeries[] = [];
  for (;;) {
    const some = await core.saveStreams(streams, 2);
    if (some.length === 0) return all;
    all.push(...some);
  }
}

function without(entry: JournalEntry, isGone: (id: number) => boolean): JournalEntry {
  if (entry.kind === 'series' && isGone(entry.series.id)) return { kind: 'thin', factor: 1 };
  if (entry.kind !== 'samples') return entry;
  const { batch } = entry;
  const kept = [...batch.seriesId.keys()].filter((i) => !isGone(batch.seriesId[i]!));
  return {
    kind: 'samples',
    batch: {
      count: kept.length,
      seriesId: Int32Array.from(kept, (i) => batch.seriesId[i]!),
      timeMs: Float64Array.from(kept, (i) => batch.timeMs[i]!),
      value: Float64Array.from(kept, (i) => batch.value[i]!),
    },
  };
}

function ofStream<T>({ series }: Run, all: ReadonlyMap<number | string, T>, stream: string): T[] {
  return series
    .filter((info) => info.stream === stream)
    .flatMap(({ id, name }) => all.get(id) ?? all.get(name) ?? []) as T[];
}

describe('a core whose streams are changed', () => {
  it.each([20, 75])('goes on with the others as if nothing had been (batch %i)', async (at) => {
    const undisturbed = await run(inline());
    const changed = await run(inline(), at);
    for (const stream of ['fast', 'clock', 'states']) {
      expect(ofStream(undisturbed, undisturbed.points, stream).flat().length).toBeGreaterThan(10);
    }
    const fast = (of: Run) => [ofStream(of, of.points, 'fast'), ofStream(of, of.states, 'fast')];
    expect(fast(changed)).toEqual(fast(undisturbed));
    expect(changed.counts.get('fast')).toEqual(undisturbed.counts.get('fast'));
    expect([...changed.counts.keys()]).toEqual(['new', 'states', 'fast']);
    const learned = (of: Run) => (of.counts.get('states') as { learned: number }).learned;
    expect(learned(changed)).toBe(learned(undisturbed));
  });

  it('goes on with changed streams as a restart with the new settings would', async () => {
    const changed = await run(inline(), 75);
    const next = inline(AFTER);
    const groups = changed.given
      .filter(({ id }) => changed.series[id]!.stream === 'states')
      .map(({ id, offset, bytes }) => ({
        series: [changed.series[id]!],
        saved: { id, offset, bytes },
        entries: NOTHING,
        through: offset,
      }));
    expect(groups.length).toBeGreaterThan(1);
    expect((await next.adopt(groups, Number.POSITIVE_INFINITY)).refused).toEqual([]);
    const known = new Set(groups.map(({ series }) => series[0]!.id));
    let offset = 0;
    for (const [i, all] of [...coreJournal(BATCHES, 1)].entries()) {
      for (const entry of all) if (entry.kind === 'series') known.add(entry.series.id);
      const own = all
        .filter((e) => e.kind !== 'series' || (e.series.stream === 'states' && i >= 75))
        .map((e) => without(e, (id) => i < 75 || changed.series[id]!.stream !== 'states'));
      await next.apply(own, offset);
      offset += all.length;
    }
    for (const { id, bytes } of await next.save(Number.POSITIVE_INFINITY)) {
      expect(bytes, `series ${id}`).toEqual(changed.states.get(id));
    }
  });

  it('gives the same with shards, also where their threads die', async () => {
    const alone = await run(inline(), 75);
    for (let seed = 1; seed <= 4; seed++) {
      const random = new Random(seed);
      const core = pool(seed, () => {
        const chance = random.uniform();
        return chance < 0.03 ? 'dies before' : chance < 0.06 ? 'dies after' : 'live';
      });
      const shared = await run(core, 75);
      for (const stream of ['fast', 'states']) {
        expect(ofStream(shared, shared.points, stream)).toEqual(
          ofStream(alone, alone.points, stream),
        );
      }
      expect(shared.counts).toEqual(alone.counts);
      expect([...shared.counts.keys()]).toEqual([...AFTER.keys()]);
    }
  });

  it('begins a group anew whose state does not fit after all, and says why', async () => {
    for (const core of [inline(), pool(2, () => 'live')]) {
      const series = { id: 0, stream: 'fast', name: 's', receiveTime: false };
      await core.apply([{ kind: 'series', series }, sample(0)], 0);
      for (let i = 1; i < 20; i++) await core.apply([sample(i)], 1 + i);
      await saveAll(core, new Set(['fast']));
      const settings = new Map(SETTINGS).set('fast', { ...SETTINGS.get('fast')!, horizon: 9 });
      const change = { settings, dropped: new Set<string>(), changed: new Set(['fast']) };
      const refused = await core.reconfigure(change, ENGINES);
      expect(refused).toEqual([{ id: 0, detail: expect.stringMatching(/./) }]);
      const [points] = await core.apply([sample(20)], 21).then((now) => [...now]);
      expect(points?.actual ?? 20 % 7).toBe(20 % 7);
      const { pending, learned } = core.counts().get('fast')!;
      expect(pending + learned).toBe(1);
    }
  });
});

const NOTHING = {
  offset: new Float64Array(0),
  seriesId: new Int32Array(0),
  timeMs: new Float64Array(0),
  value: new Float64Array(0),
};

function sample(step: number): JournalEntry {
  const timeMs = Float64Array.of(1.7e12 + 1_000 * step);
  const batch = { count: 1, seriesId: Int32Array.of(0), timeMs, value: Float64Array.of(step % 7) };
  return { kind: 'samples', batch };
}
