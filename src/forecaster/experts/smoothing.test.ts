import { describe, expect, it } from 'vitest';
import { Random } from '../../../test/support/streams.ts';
import { HistoryRing } from '../history.ts';
import { Drift } from './drift.ts';
import type { Expert } from './expert.ts';
import { HoltWinters } from './holt-winters.ts';
import { SeasonalGrowth } from './seasonal-growth.ts';

/** Feeds all values; returns what the expert says after each. */
function feed(expert: Expert, values: readonly number[], horizon: number): number[][] {
  const history = new HistoryRing(Math.max(2, expert.historySteps));
  const out = new Float64Array(horizon);
  return values.map((value) => {
    history.push(0, value);
    expert.learn(history);
    expert.forecast(history, out);
    return [...out];
  });
}

/** Quarters that grow by a tenth a year, with strong seasons. */
const growing = Array.from(
  { length: 80 },
  (_, t) => 100 * 1.1 ** (t / 4) * [0.5, 1, 2, 1.2][t % 4]!,
);

describe('Drift', () => {
  it('goes on with the mean change, and takes a jump for no trend', () => {
    const ramp = Array.from({ length: 400 }, (_, t) => 2 * t + (t < 200 ? 0 : 1e6));
    const said = feed(new Drift(), ramp, 3).at(-1)!;
    for (let h = 1; h <= 3; h++) {
      expect(Math.abs(said[h - 1]! - (ramp.at(-1)! + 2 * h))).toBeLessThan(1);
    }
  });

  it('is silent before it knows two changes', () => {
    expect(feed(new Drift(), [1, 2], 1)).toEqual([[Number.NaN], [Number.NaN]]);
  });
});

describe('SeasonalGrowth', () => {
  it('is exact on a season that grows by a ratio', () => {
    const said = feed(new SeasonalGrowth(4, 1, true), growing.slice(0, 40), 6).at(-1)!;
    for (let h = 0; h < 6; h++) expect(said[h]).toBeCloseTo(growing[40 + h]!, 6);
  });

  it('is silent where the ratio is not credible', () => {
    const values = Array.from({ length: 16 }, (_, t) => [0.001, 5, -3, 5][t % 4]! * (t + 1));
    expect(feed(new SeasonalGrowth(4, 2, true), values, 2).at(-1)).toEqual([
      Number.NaN,
      Number.NaN,
    ]);
  });

  it('moves by the difference where no ratio is asked for', () => {
    const values = Array.from({ length: 12 }, (_, t) => [0, 5, -3, 1][t % 4]! + Math.floor(t / 4));
    expect(feed(new SeasonalGrowth(4, 4, false), values, 4).at(-1)).toEqual([3, 8, 0, 4]);
  });
});

describe('HoltWinters', () => {
  it('speaks after one season, with its shape', () => {
    const said = feed(new HoltWinters(4, false), [1, 5, 3, 7], 4);
    expect(said[2]!.every(Number.isNaN)).toBe(true);
    expect(said[3]).toEqual([1, 5, 3, 7]);
  });

  it('follows a growing season, the logarithmic one best', () => {
    const miss = (logarithmic: boolean) => {
      const said = feed(new HoltWinters(4, logarithmic), growing, 4);
      let sum = 0;
      for (let t = 40; t < 76; t++) sum += Math.abs(said[t]![3]! / growing[t + 4]! - 1) / 36;
      return sum;
    };
    expect(miss(true)).toBeLessThan(0.03);
    expect(miss(false)).toBeGreaterThan(miss(true));
  });

  it('as a logarithm is silent once a value is not positive', () => {
    const said = feed(new HoltWinters(2, true), [1, 2, 1, 2, 0, 2, 1, 2], 1);
    expect(said[3]!.every(Number.isFinite)).toBe(true);
    expect(said.slice(4).flat().every(Number.isNaN)).toBe(true);
  });

  it('passes over gaps and outliers', () => {
    const random = new Random(1);
    const values = Array.from({ length: 400 }, (_, t) => {
      if (t % 11 === 3) return Number.NaN;
      return t === 200 ? 1e9 : 10 * Math.sin((2 * Math.PI * t) / 8) + 0.1 * random.normal();
    });
    const said = feed(new HoltWinters(8, false), values, 1);
    for (let t = 300; t < 399; t++) {
      const actual = 10 * Math.sin((2 * Math.PI * (t + 1)) / 8);
      expect(Math.abs(said[t]![0]! - actual)).toBeLessThan(1.5);
    }
  });

  it('continues identically after load', () => {
    const a = new HoltWinters(4, true);
    const b = new HoltWinters(4, true);
    feed(a, growing.slice(0, 30), 2);
    feed(b, [3, 1, 4, 1, 5], 2);
    b.load(a.save());
    expect(feed(b, growing.slice(30), 2)).toEqual(feed(a, growing.slice(30), 2));
  });
});
