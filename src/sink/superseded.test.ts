import { describe, expect, it } from 'vitest';
import { START_MS, STEP_MS, seriesPoints, symbolPoints } from '../../test/support/points.ts';
import type { SeriesPoints } from '../store/points.ts';
import { withoutSuperseded } from './superseded.ts';

const step = (series: string, i: number): SeriesPoints =>
  seriesPoints({ series, issuedMs: START_MS + i * STEP_MS }, 3);

/** Target → mean, as a database holds it when points are written in order. */
function stored(batch: readonly SeriesPoints[]): Map<string, number> {
  const points = new Map<string, number>();
  for (const { series, targetMs, mean, issuedMs } of batch) {
    targetMs.forEach((timeMs, i) => {
      points.set(`${series} ${timeMs}`, mean[i]! + issuedMs);
    });
  }
  return points;
}

describe('withoutSuperseded', () => {
  it('leaves out the odds that a later step tells anew', () => {
    const [first, second] = [symbolPoints(['a', 'b']), symbolPoints(['a', 'b'])];
    const later = {
      ...second,
      issuedMs: START_MS + STEP_MS,
      targetMs: first.targetMs.map((t) => t + STEP_MS),
    };
    const [kept, whole] = withoutSuperseded([first, later]);
    expect(kept!.targetMs).toEqual(first.targetMs.subarray(0, 1));
    expect(kept!.symbols).toEqual({ ...first.symbols, probability: Float64Array.of(0.25, 0.75) });
    expect(whole).toBe(later);
  });

  it('leaves what the database would hold in the end, and little else', () => {
    const batch = [0, 1, 2, 3].flatMap((i) => [step('a', i), step('b', 2 * i)]);
    const kept = withoutSuperseded(batch);
    expect(stored(kept)).toEqual(stored(batch));
    expect(kept.map(({ series, targetMs }) => `${series}${targetMs.length}`)).toEqual([
      'a1',
      'b2',
      'a1',
      'b2',
      'a1',
      'b2',
      'a3',
      'b3',
    ]);
    // Actual values and scores belong to their own step.
    expect(
      kept.every(({ scores, actual }, i) => scores === batch[i]!.scores && actual === 20.5),
    ).toBe(true);
  });

  it('leaves steps alone that do not overlap, or have no forecast', () => {
    const none = new Float64Array(0);
    const silent = { ...step('a', 1), targetMs: none, mean: none, lower: none, upper: none };
    // 50: far away; 50.5: its targets lie between those of the step before.
    const batch = [step('a', 0), silent, step('a', 50), step('a', 50.5), step('b', 0)];
    expect(withoutSuperseded(batch)).toEqual(batch);
  });
});
