/** This machine's clock is set, by an hour or ten years: what becomes of the series. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { streamSettings } from '../../test/support/stream-settings.ts';
import { Random } from '../../test/support/streams.ts';
import type { AlignSettings } from '../align/aligner.ts';
import type { SeriesInfo } from '../decode/series.ts';
import type { JournalEntry } from '../journal/journal.ts';
import type { SeriesPoints } from '../store/points.ts';
import { type Engines, loadEngines } from './engines.ts';
import type { StreamSettings } from './settings.ts';
import { Shard } from './shard.ts';

const T0 = Date.UTC(2026, 10, 21);
const HOUR = 3_600_000;
const YEARS = 3_652 * 24 * HOUR;
const GAP_STEPS_MAX = 20;

function settings(align: Partial<AlignSettings>, over: Partial<StreamSettings> = {}) {
  return streamSettings({
    effort: 'low',
    align: {
      every: { ms: 1000 },
      aggregate: 'none',
      latenessMs: 0,
      gapStepsMax: GAP_STEPS_MAX,
      aheadStepsMax: 60,
      ...align,
    },
    ...over,
  });
}

/** Kinds of series whose time is the time of arrival. */
const KINDS: Record<string, StreamSettings> = {
  'one sample a step': settings({}),
  'a learned cadence': settings({ every: undefined, aggregate: 'auto' }),
  'several samples a step, and lateness': settings({ aggregate: 'mean', latenessMs: 3_000 }),
  symbols: settings({}, { symbolsMax: 4 }),
  'two channels': settings({}, { name: 'group' }),
  'two channels, several samples a step': settings({ aggregate: 'mean' }, { name: 'group' }),
  'two channels, and lateness': settings({ latenessMs: 3_000 }, { name: 'group' }),
};

/** Second from which on the clock is off by so many ms. */
type Jumps = readonly (readonly [second: number, offMs: number])[];
const JUMPS: Record<string, Jumps> = {
  'an hour ahead': [[60, HOUR]],
  'an hour back': [[60, -HOUR]],
  'ten years ahead': [[60, YEARS]],
  'ten years back': [[60, -YEARS]],
  'an hour ahead, and right again': [
    [60, HOUR],
    [90, 0],
  ],
  'ten years ahead, and right again': [
    [60, YEARS],
    [90, 0],
  ],
  'ten years back, and right again': [
    [60, -YEARS],
    [90, 0],
  ],
};
const SECONDS = 130;

interface Plan {
  readonly series: readonly SeriesInfo[];
  readonly jumps: Jumps;
  readonly ticks: boolean;
  /** Whether a series is silent in that second. */
  readonly silent?: (id: number, second: number) => boolean;
  readonly seconds?: number;
}

function seriesOf({ name }: StreamSettings, channels = name === 'group' ? 2 : 1): SeriesInfo[] {
  const info = { stream: name, receiveTime: true };
  if (channels === 1) return [{ ...info, id: 0, name: 'a' }];
  return Array.from({ length: channels }, (_, channel) => {
    const group = { key: 'g', channel, channels };
    return { ...info, id: channel, name: `c${channel}`, group };
  });
}

/** A sample a second of every series, a little apart, and a tick behind them. */
function journal(plan: Plan): JournalEntry[] {
  const { series, jumps, ticks, silent = () => false, seconds = SECONDS } = plan;
  const random = new Random(2);
  const entries: JournalEntry[] = series.map((one) => ({ kind: 'series', series: one }));
  for (let s = 0; s < seconds; s++) {
    const offMs = jumps.findLast(([second]) => second <= s)?.[1] ?? 0;
    const nowMs = T0 + 1000 * s + offMs;
    for (const { id } of series) {
      const value = Math.floor(4 * random.uniform());
      if (silent(id, s)) continue;
      const batch = {
        count: 1,
        seriesId: Int32Array.of(id),
        timeMs: Float64Array.of(nowMs + id),
        value: Float64Array.of(value),
      };
      entries.push({ kind: 'samples', batch });
    }
    if (ticks) entries.push({ kind: 'tick', timeMs: nowMs + 500 });
  }
  return entries;
}

const engines = new Map<StreamSettings, Engines>();

async function shardOf(stream: StreamSettings): Promise<Shard> {
  const streams = new Map([[stream.name, stream]]);
  const loaded = engines.get(stream) ?? (await loadEngines(streams, () => {}));
  engines.set(stream, loaded);
  return new Shard(streams, loaded);
}

function apply(shard: Shard, entries: readonly JournalEntry[], from = 0): SeriesPoints[] {
  const out: SeriesPoints[] = [];
  entries.forEach((entry, i) => {
    if (i >= from) shard.apply(entry, i, (points) => out.push(points));
  });
  return out;
}

function isFinitePoint({ mean, lower, upper, symbols, targetMs }: SeriesPoints): boolean {
  const told = symbols ? [symbols.probability] : [mean, lower, upper];
  return [targetMs, ...told].every((numbers) => numbers.every(Number.isFinite));
}

/** Everything that must hold whatever the clock did. */
async function check(stream: StreamSettings, plan: Plan): Promise<SeriesPoints[]> {
  const shard = await shardOf(stream);
  const entries = journal(plan);
  const points = apply(shard, entries);
  const counts = shard.counts().get(stream.name)!;
  const samples = entries.filter(({ kind }) => kind === 'samples').length;
  const series = plan.series.length;

  // Nothing is late for long, and everything is accounted for.
  expect(counts.late + counts.filtered + counts.invalid).toBeLessThanOrEqual(2 * series);
  expect(counts.duplicate).toBe(0);
  expect(counts.learned).toBeGreaterThanOrEqual(samples - 8 * series);
  const { learned, late, invalid, filtered, pending } = counts;
  expect(learned + late + invalid + filtered + pending).toBe(samples);
  // The work is bounded: a gap's steps at most for a jump.
  expect(points.length).toBeLessThanOrEqual(samples + series * 3 * (GAP_STEPS_MAX + 4));
  expect(points.every(isFinitePoint)).toBe(true);
  // It forecasts on, at the time that the clock now has.
  const last = points.at(-1)!;
  const offMs = plan.jumps.at(-1)?.[1] ?? 0;
  const lagMs = T0 + 1000 * (SECONDS - 1) + offMs - last.issuedMs;
  expect(Math.abs(lagMs)).toBeLessThanOrEqual(6_000);
  expect(last.targetMs.length).toBe(stream.horizon);
  return points;
}

describe.each(Object.entries(KINDS))('arrival times, %s', (_, stream) => {
  const series = seriesOf(stream);

  it.each(Object.entries(JUMPS))('the clock is set %s', async (_, jumps) => {
    await check(stream, { series, jumps, ticks: false });
    await check(stream, { series, jumps, ticks: true });
  });

  it.each(Object.entries(JUMPS))(
    'set %s while the series is silent: ticks only',
    async (_, jumps) => {
      await check(stream, { series, jumps, ticks: true, silent: (_, s) => s >= 55 && s < 100 });
    },
  );

  it('goes on byte for byte when restored around a jump', async () => {
    const jumps: Jumps = [
      [60, YEARS],
      [90, -HOUR],
    ];
    const entries = journal({ series, jumps, ticks: true });
    const each = 1 + series.length;
    for (const second of [59, 60, 61, 89, 90, 91]) {
      const cut = series.length + second * each + 1;
      const whole = await shardOf(stream);
      apply(whole, entries.slice(0, cut));
      const saved = whole.saveNext(cut - 1)!;
      const restored = await shardOf(stream);
      apply(restored, entries.slice(0, series.length));
      restored.restore(saved);
      expect(apply(restored, entries, cut)).toEqual(apply(whole, entries, cut));
      const [one, other] = [restored.saveNext(0)!.bytes, whole.saveNext(0)!.bytes];
      expect(Buffer.compare(one, other)).toBe(0);
    }
  });
});

describe('two channels of arrival times', () => {
  it('leave nothing of the time before for the time to come', async () => {
    const stream = settings({ aggregate: 'mean' }, { name: 'group' });
    const series = seriesOf(stream);
    const shard = await shardOf(stream);
    // One is late to hear of the new time; later the other one is silent for a while.
    const silent = (id: number, s: number): boolean =>
      id === 1 ? s >= 60 && s < 64 : s >= 80 && s < 90;
    const entries = journal({ series, jumps: [[60, -HOUR]], ticks: false, silent });
    const points = apply(shard, entries);
    expect(shard.counts().get('group')!.late).toBeLessThanOrEqual(2);
    expect(points.at(-1)!.issuedMs).toBe(T0 - HOUR + 1000 * (SECONDS - 2));
    // Back once, at the jump.
    const backs = points.filter(({ issuedMs }, i) => i > 0 && issuedMs < points[i - 1]!.issuedMs);
    expect(backs).toHaveLength(1);
  });
});

describe('whatever the clock does', () => {
  const second = (from: number, to: number) => fc.integer({ min: from, max: to });
  const offMs = fc.constantFrom(0, HOUR, -HOUR, YEARS, -YEARS, 15_000, -15_000, 9_000, -9_000);
  const plans = fc.record({
    aggregate: fc.constantFrom<AlignSettings['aggregate'][]>('none', 'mean'),
    latenessMs: fc.constantFrom(0, 3_000, 20_000),
    gapStepsMax: fc.constantFrom(3, 20, 200),
    channels: fc.integer({ min: 1, max: 3 }),
    ticks: fc.boolean(),
    jumps: fc.array(fc.tuple(second(1, 150), offMs), { maxLength: 4 }),
    silences: fc.array(fc.tuple(second(0, 2), second(5, 150), second(1, 30)), { maxLength: 4 }),
  });
  const END = 250;

  it('no series stands still, and all work is bounded', async () => {
    const plain = settings({}, { effort: 'simple' });
    const loaded = await loadEngines(new Map([['s', plain]]), () => {});
    fc.assert(
      fc.property(plans, ({ channels, ticks, jumps, silences, ...align }) => {
        const stream = settings(align, { effort: 'simple' });
        const shard = new Shard(new Map([['s', stream]]), loaded);
        const order = jumps.toSorted((a, b) => a[0] - b[0]);
        const series = seriesOf(stream, channels);
        const silent = (id: number, s: number): boolean =>
          silences.some(([who, from, n]) => who === id && s >= from && s < from + n);
        const entries = journal({ series, jumps: order, ticks, silent, seconds: END });
        const points = apply(shard, entries);
        const { pending, ...counts } = shard.counts().get('s')!;
        const samples = entries.filter(({ kind }) => kind === 'samples').length;
        expect(Object.values(counts).reduce((sum, n) => sum + n, pending)).toBe(samples);
        const { latenessMs, gapStepsMax } = align;
        const off = order.at(-1)?.[1] ?? 0;
        const lagMs = T0 + 1000 * (END - 1) + off - points.at(-1)!.issuedMs;
        expect(Math.abs(lagMs)).toBeLessThanOrEqual(latenessMs + 28_000);
        const lateMost = channels * (jumps.length + 1) * (32 + latenessMs / 1000);
        expect(counts.late + counts.filtered).toBeLessThanOrEqual(lateMost);
        const gaps = 2 * jumps.length + silences.length + 1;
        expect(points.length).toBeLessThan(samples + channels * gaps * (gapStepsMax + 70));
      }),
      { seed: 7, numRuns: 300 },
    );
  });
});

describe('times that come with the data', () => {
  const stream = settings({ aggregate: 'mean' });
  const series = [{ id: 0, stream: 's', name: 'a', receiveTime: false }];

  it('know nothing of this machine’s clock', async () => {
    const right = journal({ series, jumps: [], ticks: false });
    const ticked = right.flatMap((entry, i): JournalEntry[] => {
      const off = [0, HOUR, -HOUR, YEARS, -YEARS][i % 5]!;
      return [entry, { kind: 'tick', timeMs: T0 + 1000 * i + off }];
    });
    const plain = apply(await shardOf(stream), right);
    expect(apply(await shardOf(stream), ticked)).toEqual(plain);
    expect(plain.length).toBeGreaterThan(100);
  });

  it.each([
    ['an hour', HOUR],
    ['ten years', YEARS],
  ])('follow a device that is set ahead by %s, and not one that goes back', async (_, ms) => {
    const ahead = await shardOf(stream);
    const points = apply(ahead, journal({ series, jumps: [[60, ms]], ticks: true }));
    expect(points.at(-1)!.issuedMs).toBeGreaterThan(T0 + ms);
    expect(ahead.counts().get('s')).toMatchObject({ late: 0, invalid: 0 });

    const back = await shardOf(stream);
    const before = apply(back, journal({ series, jumps: [[60, -ms]], ticks: true }));
    expect(before.at(-1)!.issuedMs).toBeLessThan(T0 + 61_000);
    expect(before.at(-1)!.issuedMs).toBeGreaterThanOrEqual(T0 + 58_000);
    expect(back.counts().get('s')).toMatchObject({ late: SECONDS - 60 });
  });
});
