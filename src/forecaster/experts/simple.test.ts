import { describe, expect, it } from 'vitest';
import { HistoryRing } from '../history.ts';
import type { Expert } from './expert.ts';
import { LastValue } from './last-value.ts';
import { SeasonalNaive } from './seasonal-naive.ts';

function forecast(expert: Expert, values: readonly number[], horizon: number): number[] {
  const history = new HistoryRing(expert.historySteps);
  for (const [i, value] of values.entries()) history.push(i * 1000, value);
  const out = new Float64Array(horizon);
  expert.forecast(history, out);
  return [...out];
}

describe('LastValue', () => {
  it('says the newest known value at every lead', () => {
    expect(forecast(new LastValue(), [1, 2, 3], 3)).toEqual([3, 3, 3]);
    expect(forecast(new LastValue(), [1, 2, Number.NaN], 2)).toEqual([2, 2]);
  });
});

describe('SeasonalNaive', () => {
  const weeks = [10, 11, 12, 13, 20, 21, 22, 23];

  it('says the value of the same phase one season earlier', () => {
    expect(forecast(new SeasonalNaive(4), weeks, 4)).toEqual([20, 21, 22, 23]);
  });

  it('repeats the season beyond its length', () => {
    expect(forecast(new SeasonalNaive(4), weeks, 6)).toEqual([20, 21, 22, 23, 20, 21]);
  });

  it('falls back over a gap to the season before, and says nothing where there is none', () => {
    const gap = [10, 11, Number.NaN, 13, Number.NaN, 21, Number.NaN, 23];
    expect(forecast(new SeasonalNaive(4), gap, 4)).toEqual([10, 21, Number.NaN, 23]);
  });

  it('is silent for the leads that its history does not reach', () => {
    expect(forecast(new SeasonalNaive(4), [1, 2], 4)).toEqual([Number.NaN, Number.NaN, 1, 2]);
  });
});
