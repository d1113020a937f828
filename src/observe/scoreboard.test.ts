import { describe, expect, it } from 'vitest';
import type { SeriesPoints } from '../store/points.ts';
import { Scoreboard } from './scoreboard.ts';

/** Steps of a series whose forecast is always 1 too high, on a grid of one second. */
function step(i: number, actual: number, past: readonly number[], leads: readonly number[]) {
  const points: SeriesPoints = {
    stream: 's',
    series: 'x',
    issuedMs: 1000 * i,
    actual,
    targetMs: Float64Array.of(1000 * (i + 1), 1000 * (i + 2)),
    mean: new Float64Array(2),
    lower: new Float64Array(2),
    upper: new Float64Array(2),
    inner: [],
    anomaly: Number.NaN,
    change: 0,
    scores: leads
      .filter((lead) => i >= lead)
      .map((lead) => ({
        lead,
        forecast: actual + 1,
        actual,
        error: 1,
        naiveError: past[i - lead]! - actual,
        covered: i % 2 === 0,
        coverage: 0.5,
        inner: [],
        skill: 0,
      })),
  };
  return points;
}

describe('Scoreboard', () => {
  it('averages errors by lead, and finds the seasonal naive by itself', () => {
    const values = [0, 10, 0, 10, 0, 10, 0, 11];
    const board = new Scoreboard(() => 2);
    values.forEach((v, i) => {
      board.add(step(i, v, values, [1, 2]));
    });
    const [first, second] = board.results().get('x')!;
    expect(first).toMatchObject({ lead: 1, steps: 7, forecast: 1, covered: 3 / 7 });
    expect(first!.lastValue).toBeCloseTo((10 * 6 + 11) / 7, 12);
    // A season of two: exact but for the last value.
    expect(first!.seasonalNaive).toBeCloseTo(1 / 6, 12);
    expect(second).toMatchObject({ lead: 2, steps: 6 });
    expect(second!.seasonalNaive).toBeCloseTo(1 / 6, 12);
  });

  it('has no seasonal figure without a season', () => {
    const board = new Scoreboard(() => undefined);
    [1, 2, 3].forEach((v, i) => {
      board.add(step(i, v, [1, 2, 3], [1]));
    });
    expect(board.results().get('x')![0]!.seasonalNaive).toBeNaN();
  });
});
