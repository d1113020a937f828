import { describe, expect, it } from 'vitest';
import { streamSettings } from '../../test/support/stream-settings.ts';
import { autoregression, Random } from '../../test/support/streams.ts';
import type { SeriesInfo } from '../decode/series.ts';
import type { SeriesPoints } from '../store/points.ts';
import { type Engines, loadEngines } from './engines.ts';
import { Shard } from './shard.ts';
import { atOnce } from './turns.ts';

const T0 = 1_700_000_000_000;
const STREAM = streamSettings();

type Sample = readonly [channel: number, seconds: number, value: number];

function info(channel: number, channels: number): SeriesInfo {
  const group = { key: 's\nt', channel, channels };
  return { id: channel, stream: 's', name: `c${channel}`, receiveTime: false, group };
}

async function createShard(settings = STREAM): Promise<{ shard: Shard; engines: Engines }> {
  const streams = new Map([['s', settings]]);
  const engines = await loadEngines(streams, () => {});
  return { shard: new Shard(streams, engines), engines };
}

/** Feeds one sample an entry; gives all points in order. */
function feed(shard: Shard, samples: readonly Sample[], from = 0): SeriesPoints[] {
  const out: SeriesPoints[] = [];
  for (const [i, [channel, seconds, value]] of samples.entries()) {
    const batch = {
      count: 1,
      seriesId: Int32Array.of(channel),
      timeMs: Float64Array.of(T0 + seconds * 1000),
      value: Float64Array.of(value),
    };
    shard.apply({ kind: 'samples', batch }, from + i, (points) => out.push(points));
  }
  return out;
}

async function group(channels: number, settings = STREAM): Promise<Shard> {
  const { shard } = await createShard(settings);
  for (let c = 0; c < channels; c++) {
    shard.apply({ kind: 'series', series: info(c, channels) }, 0, () => {});
  }
  return shard;
}

/** Series and second of each step that was issued, e.g. `c0@3`. */
function told(points: readonly SeriesPoints[]): string[] {
  return points.map(({ series, issuedMs }) => `${series}@${(issuedMs - T0) / 1000}`);
}

describe('SeriesGroup', () => {
  it('sees past covariates, looks ahead at known ones, and continues identically when loaded', async () => {
    const covariates = { past: 1, known: 1 };
    const settings = { ...STREAM, covariates };
    const [one, two, blind] = [
      await group(3, settings),
      await group(3, settings),
      await group(2, { ...STREAM, covariates: { past: 1, known: 0 } }),
    ];
    const random = new Random(1);
    let state = 0;
    const plan = Array.from({ length: 303 }, () => {
      if (random.uniform() < 0.2) state = 1 - state;
      return state;
    });
    const samples = plan.slice(2).flatMap((_, i): Sample[] => [
      [2, i + 2, plan[i + 2]!],
      [1, i, random.normal()],
      [0, i, 5 + 20 * plan[i]! + random.normal()],
    ]);
    const points = feed(one, samples.slice(0, 600));
    const rest = feed(one, samples.slice(600), 600);
    expect(new Set([...points, ...rest].map(({ series }) => series))).toEqual(new Set(['c0']));
    for (const sample of [points, rest].flat())
      expect(sample.mean.every(Number.isFinite)).toBe(true);

    for (const saved of [one.saveNext(900)!]) two.restore(saved);
    const next: Sample[] = [
      [2, 303, 1],
      [1, 301, 0],
      [0, 301, 25],
    ];
    expect(feed(two, next, 901)).toEqual(feed(one, next, 901));
    expect(two.counts()).toEqual(one.counts());

    const unseen = feed(
      blind,
      samples.filter(([channel]) => channel !== 2),
    ).slice(-100);
    const error = (told: readonly SeriesPoints[]): number =>
      told.flatMap(({ scores }) => scores).reduce((sum, score) => sum + Math.abs(score.error), 0);
    expect(error(rest.slice(-100))).toBeLessThan(0.6 * error(unseen));
  });

  it('goes on when every channel has closed the step, in the order of the channels', async () => {
    const shard = await group(2);
    const before = feed(shard, [
      [1, 0, 5],
      [1, 1, 5],
    ]);
    expect(told(before)).toEqual([]);
    const after = feed(shard, [
      [0, 0, 1],
      [0, 1, 2],
    ]);
    expect(told(after)).toEqual(['c0@0', 'c1@0', 'c0@1', 'c1@1']);
    expect(after.map(({ actual }) => actual)).toEqual([1, 5, 2, 5]);
    expect([...after[2]!.targetMs]).toEqual([T0 + 2000, T0 + 3000]);
  });

  it('waits once for a channel that falls silent, and again when it is back', async () => {
    const shard = await group(2);
    const both = (s: number): Sample[] => [
      [0, s, s],
      [1, s, -s],
    ];
    feed(shard, [...both(0), ...both(1)]);
    const alone = [2, 3, 4, 5].map((s) => told(feed(shard, [[0, s, s]])).length);
    expect(alone).toEqual([0, 0, 6, 2]);
    // It speaks after its step has gone on: that sample is late, the next one counts.
    expect(told(feed(shard, both(6)))).toEqual(['c0@6', 'c1@6']);
    expect(shard.counts().get('s')).toMatchObject({ learned: 9, late: 1 });
    expect(told(feed(shard, [[0, 7, 7]]))).toEqual([]);
    const [, second] = feed(shard, [[1, 7, -7]]);
    expect(second).toMatchObject({ series: 'c1', actual: -7 });
  });

  it.each([0, 5_000])(
    'loses nothing over gaps of many steps, at a lateness of %d ms',
    async (ms) => {
      const shard = await group(3, { ...STREAM, align: { ...STREAM.align, latenessMs: ms } });
      const samples: Sample[] = [];
      for (let s = 0; s < 100; s++) {
        if (s % 10 < 6) for (const c of [0, 1, 2]) samples.push([c, s, 100 * c + s]);
      }
      const points = feed(shard, samples);
      atOnce(shard.finish((last) => points.push(last)));
      expect(shard.counts().get('s')).toMatchObject({ learned: 180, late: 0, pending: 0 });
      const values = points.flatMap(({ series, actual }) => (Number.isNaN(actual) ? [] : [series]));
      expect(values).toHaveLength(180);
    },
  );

  it('counts every sample of a step that came too late', async () => {
    const shard = await group(2, { ...STREAM, align: { ...STREAM.align, aggregate: 'mean' } });
    const four = (c: number, s: number): Sample[] =>
      [0, 0.2, 0.4, 0.6].map((part) => [c, s + part, part]);
    const alone = Array.from({ length: 20 }, (_, s) => four(0, s)).flat();
    feed(shard, [...four(0, -1), ...four(1, -1), ...alone]);
    feed(shard, [...four(1, 1), ...four(1, 25)]);
    // Two steps of the silent channel, four samples each.
    expect(shard.counts().get('s')!.late).toBe(8);
  });

  it('needs nothing of a channel that never comes', async () => {
    const { shard } = await createShard();
    shard.apply({ kind: 'series', series: info(0, 2) }, 0, () => {});
    const samples = Array.from({ length: 30 }, (_, s): Sample => [0, s, s]);
    const points = feed(shard, samples);
    expect(told(points)).toEqual(samples.map(([, s]) => `c0@${s}`));
  });

  it('goes on with what there is at the end', async () => {
    const shard = await group(2);
    const points = feed(shard, [
      [0, 0, 1],
      [1, 0, 2],
      [0, 1, 3],
    ]);
    atOnce(shard.finish((last) => points.push(last)));
    expect(told(points)).toEqual(['c0@0', 'c1@0', 'c0@1', 'c1@1']);
    expect(points.map(({ actual }) => actual)).toEqual([1, 2, 3, Number.NaN]);
  });

  it('begins anew after a gap of all channels, and when the first stamps were wrong', async () => {
    const shard = await group(2);
    const at = (s: number): Sample[] => [
      [0, s, s],
      [1, s, 1],
    ];
    const points = feed(shard, [...at(0), ...at(1), ...at(50), ...at(51)]);
    expect(told(points)).toHaveLength(8);
    // Nothing issued before the gap is scored after it.
    expect(points.map(({ scores }) => scores.length)).toEqual([0, 0, 1, 1, 0, 0, 1, 1]);

    const wrong = await group(2);
    const first = feed(wrong, [...at(9_000), ...at(0), ...at(1), ...at(2)]);
    expect(told(first)).toEqual([9_000, 0, 1, 2].flatMap((s) => [`c0@${s}`, `c1@${s}`]));
  });

  it('learns from the other channel what its own past does not tell', async () => {
    const cause = autoregression(2_000, 0, 5);
    const random = new Random(6);
    const samples: Sample[] = [];
    for (let s = 1; s < cause.length; s++) {
      samples.push([0, s, cause[s]!], [1, s, cause[s - 1]! + 0.1 * random.normal()]);
    }
    const error = (points: readonly SeriesPoints[]): number => {
      const scores = points.filter(({ series }) => series === 'c1').slice(500);
      const errors = scores.flatMap((p) => p.scores.filter(({ lead }) => lead === 1));
      return errors.reduce((sum, score) => sum + score.error ** 2, 0) / errors.length;
    };
    const together = error(feed(await group(2), samples));
    const alone = await createShard();
    for (const c of [0, 1]) {
      const { group: _, ...series } = info(c, 2);
      alone.shard.apply({ kind: 'series', series }, 0, () => {});
    }
    expect(together).toBeLessThan(0.1 * error(feed(alone.shard, samples)));
  });

  it('goes on from its saved state byte for byte, half-closed steps included', async () => {
    const random = new Random(3);
    const samples: Sample[] = [];
    for (let s = 0; s < 150; s++) {
      for (const c of [2, 0, 1]) {
        if (random.uniform() < 0.9) samples.push([c, s, random.normal() + c]);
      }
    }
    for (const cut of [5, 100, 101, 102, 250]) {
      const whole = await group(3);
      feed(whole, samples.slice(0, cut));
      const saved = whole.saveNext(cut - 1)!;
      const rest = feed(whole, samples.slice(cut), cut);
      const { shard } = await createShard();
      for (const c of [0, 1, 2]) shard.apply({ kind: 'series', series: info(c, 3) }, 0, () => {});
      shard.restore(saved);
      expect(feed(shard, samples.slice(cut - 3), cut - 3)).toEqual(rest);
      expect(shard.counts()).toEqual(whole.counts());
    }
  });
});
