import { describe, expect, it } from 'vitest';
import { seriesPoints } from '../../test/support/points.ts';
import type { SeriesPoints } from '../store/points.ts';
import { type MetricsSettings, type Outcome, SeriesMetrics } from './metrics.ts';
import { allWindows, leadResult, seriesResult } from './result.ts';

const STEP_MS = 60_000;
const SETTINGS: MetricsSettings = {
  horizon: 2,
  windowLeads: [1, 2],
  seasonSteps: undefined,
  from: 0,
  to: Number.POSITIVE_INFINITY,
  fit: undefined,
  coverage: 0.9,
};

interface Step {
  readonly actual: number;
  /** By lead. */
  readonly mean?: readonly number[];
  readonly half?: number;
}

/** Points a minute apart; intervals reach `half` to both sides of the mean. */
function points({ actual, mean = [0, 0], half = 1 }: Step, minute: number): SeriesPoints {
  const issuedMs = minute * STEP_MS;
  return {
    ...seriesPoints({ issuedMs, actual, inner: [] }),
    targetMs: Float64Array.from(mean, (_, i) => issuedMs + (i + 1) * STEP_MS),
    mean: Float64Array.from(mean),
    lower: Float64Array.from(mean, (m) => m - half),
    upper: Float64Array.from(mean, (m) => m + half),
  };
}

function measured(steps: readonly Step[], settings: Partial<MetricsSettings> = {}): SeriesMetrics {
  const metrics = new SeriesMetrics({ ...SETTINGS, ...settings });
  for (const [i, step] of steps.entries()) metrics.add(points(step, i));
  return metrics;
}

describe('metrics of a series', () => {
  const steps: Step[] = [
    { actual: 1, mean: [2, 3] },
    { actual: 2, mean: [5, 5] },
    { actual: 4, mean: [4, 0] },
    { actual: 4, mean: [9, 9] },
  ];

  it('compare a forecast with its target when that has come, and with the last value', () => {
    const metrics = measured(steps);
    // Lead 1: 2→2, 5→4, 4→4; lead 2: 3→4, 5→4.
    expect(leadResult(metrics, 1)).toMatchObject({
      scored: 3,
      mse: 1 / 3,
      mae: 1 / 3,
      smape: 2 / 9 / 3,
      lastValue: { mse: (1 + 4 + 0) / 3, mae: 1 },
      skill: { lastValue: expect.closeTo(1 - 1 / 3, 12) },
    });
    expect(leadResult(metrics, 2)).toMatchObject({ scored: 2, mse: 1, mae: 1 });
    expect(leadResult(metrics, 2).lastValue).toEqual({ mse: (9 + 4) / 2, mae: 2.5 });
    expect(leadResult(metrics, 1).seasonalNaive.mae).toBeNaN();
  });

  it('average whole windows: leads 1..H of each issue', () => {
    const [one, two] = allWindows([measured(steps)]);
    expect(one).toMatchObject({ lead: 1, windows: 3, scored: 3, mse: 1 / 3 });
    expect(two).toMatchObject({ lead: 2, windows: 2, scored: 4, mse: (0 + 1 + 1 + 1) / 4 });
  });

  it('score only targets in the range, of windows that begin in it', () => {
    const metrics = measured(steps, { from: 2, to: 3 });
    expect(leadResult(metrics, 1)).toMatchObject({ scored: 1, mae: 1 });
    expect(leadResult(metrics, 2)).toMatchObject({ scored: 0 });
    expect(seriesResult('x', metrics, [1])).toMatchObject({
      from: '1970-01-01T00:02:00.000Z',
      to: '1970-01-01T00:02:00.000Z',
    });
  });

  it('score intervals: share inside, width, Winkler, pinball', () => {
    // Targets 2, 4, 4 against means 2, 5, 4 with half width .5: the second lies .5 below.
    const narrow = steps.map((step) => ({ ...step, half: 0.5 }));
    const { intervals, pinball } = leadResult(measured(narrow), 1);
    expect(intervals).toEqual([
      {
        nominal: 0.9,
        coverage: 2 / 3,
        width: 1,
        winkler: expect.closeTo(1 + (2 / 0.1) * (0.5 / 3), 12),
      },
    ]);
    // Quantiles .05, .5, .95: inside .025 + 0 + .025; outside .95 × .5 + .5 × 1 + .05 × 1.5.
    const outside = 0.95 * 0.5 + 0.5 + 0.05 * 1.5;
    expect(pinball).toBeCloseTo((2 * 0.05 + outside) / 9, 12);
  });

  it('compare with the value a season before the target, where it was known', () => {
    const seasonal = measured(
      [5, 6, 7, 6, 8, 8].map((actual) => ({ actual, mean: [actual, actual] })),
      { seasonSteps: 2, from: 2 },
    );
    // Lead 1 at steps 2..5 from steps 0..3; lead 2 likewise, issued at 1..3.
    expect(leadResult(seasonal, 1).seasonalNaive.mae).toBe((2 + 0 + 1 + 2) / 4);
    expect(leadResult(seasonal, 2).seasonalNaive.mae).toBe((0 + 1 + 2) / 3);
  });

  it('skip gaps in the values, and start anew after a long one', () => {
    const outcomes: Outcome[] = [];
    const metrics = new SeriesMetrics(SETTINGS);
    const watch = { leads: [1, 2], outcome: (outcome: Outcome) => void outcomes.push(outcome) };
    const add = (step: Step, minute: number): void => metrics.add(points(step, minute), watch);
    add({ actual: 1 }, 0);
    add({ actual: Number.NaN }, 1);
    add({ actual: 3 }, 2);
    expect(outcomes.map(({ lead, actual }) => [lead, actual])).toEqual([
      [1, 3],
      [2, 3],
    ]);
    // Issued in the gap, and before it: the last value known was the first.
    expect([1, 2].map((lead) => leadResult(metrics, lead).lastValue.mae)).toEqual([2, 2]);
    add({ actual: 9 }, 100);
    expect(outcomes).toHaveLength(2);
    expect(metrics.steps).toBe(101);
  });

  it('standardise by the deviation of the fitted steps, and measure MASE by changes before', () => {
    const ramp = Array.from({ length: 40 }, (_, i) => ({ actual: 2 * i, mean: [0, 0] }));
    const metrics = measured(ramp, { fit: [0, 5], from: 20 });
    expect(metrics.scale).toBeCloseTo(Math.sqrt(8), 12);
    expect(metrics.changeScale).toBe(2);
    const { mae, mase } = leadResult(metrics, 1);
    expect(mae * metrics.scale).toBeCloseTo(mase * 2, 12);
  });

  it('count the hits of a series of symbols', () => {
    const metrics = new SeriesMetrics({ ...SETTINGS, from: 1 });
    const codes = [0, 1, 1, -1, 1];
    for (const [i, actual] of codes.entries()) {
      const score = { lead: 1, probability: 0.5, logLoss: Math.LN2, hit: actual === 1, skill: 0 };
      const scores = i > 0 && actual >= 0 ? [score] : [];
      const symbols = { names: ['a', 'b'], actual, probability: new Float64Array(4), scores };
      const nothing = new Float64Array(0);
      const none = { mean: nothing, lower: nothing, upper: nothing };
      metrics.add({ ...points({ actual: Number.NaN }, i), ...none, symbols });
    }
    expect(seriesResult('x', metrics, [1, 2])).toMatchObject({
      leads: [],
      windows: [],
      symbols: [
        { lead: 1, scored: 3, likeliest: 1, lastAgain: 1 / 3, logLoss: expect.closeTo(Math.LN2) },
      ],
    });
    expect(allWindows([metrics])).toEqual([]);
  });

  it('tell coverage in whole blocks of 500', () => {
    const values = Array.from({ length: 1_201 }, (_, i) => ({ actual: i <= 500 || i % 2 ? 0 : 5 }));
    expect(leadResult(measured(values, { from: 1 }), 1).blocks).toEqual({
      steps: 500,
      lowest: 0.5,
      highest: 1,
    });
  });
});
