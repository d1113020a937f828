import { describe, expect, it } from 'vitest';
import { LinearEngine } from '../../test/support/linear-engine.ts';
import { garch, prices, Random, sine } from '../../test/support/streams.ts';
import type { ForecasterSettings, ScoredLead, SeriesForecaster } from './forecaster.ts';
import { createSeriesForecaster } from './series-forecaster.ts';

const DAY = 86_400_000;
const base: ForecasterSettings = {
  horizon: 5,
  seasonSteps: [],
  coverage: 0.9,
  everyMs: DAY,
  recurrent: undefined,
  seed: 1,
};

function create(settings: Partial<ForecasterSettings>): SeriesForecaster {
  return createSeriesForecaster({ ...base, ...settings }, new LinearEngine());
}

/** Feeds the values and tells of every score. */
function feed(
  forecaster: SeriesForecaster,
  values: Iterable<number>,
  each: (score: ScoredLead, actual: number, step: number) => void = () => {},
): void {
  let step = 0;
  for (const value of values) {
    for (const score of forecaster.step(step * DAY, value).scores) each(score, value, step);
    step++;
  }
}

describe('logarithms', () => {
  it('gives back, in the series’ own units, the numbers that were issued when they are scored', () => {
    const forecaster = create({ transform: 'log', effort: 'low', coverage: [0.8, 0.9] });
    const issued: { mean: number; lower: number; upper: number }[][] = [];
    const lasts: number[] = [];
    const values = prices(300, 0.05, 1);
    values.forEach((value, step) => {
      const report = forecaster.step(step * DAY, value);
      for (const { lead, forecast, naiveError, intervals } of report.scores) {
        const then = issued[step - lead]![lead - 1]!;
        expect(forecast).toBe(then.mean);
        expect(intervals[0]).toMatchObject({ lower: then.lower, upper: then.upper });
        expect(intervals[0]!.covered).toBe(then.lower <= value && value <= then.upper);
        expect(naiveError).toBe(lasts[step - lead]! - value);
      }
      lasts.push(value);
      issued.push(
        Array.from(report.mean, (mean, i) => {
          const [lower, upper] = [report.lower[i]!, report.upper[i]!];
          expect(0 < lower && lower <= mean && mean <= upper && upper < 1e6).toBe(true);
          expect(report.intervals[1]!.lower[i]).toBeGreaterThanOrEqual(lower);
          return { mean, lower, upper };
        }),
      );
    });
  });

  it('forecasts the last value itself where nothing is better, so that the skill is exactly 0', () => {
    const forecaster = create({ transform: 'log' });
    feed(forecaster, prices(200, 0.02, 2), ({ skill }) => expect(skill).toBe(0));
  });

  it('widens intervals in proportion: a series that swings tenfold is covered high and low', () => {
    const random = new Random(3);
    const values = sine(3000, 200, 0, 1).map((v) => {
      return Math.exp((v - 50) / 8) * Math.exp(0.05 * random.normal());
    });
    const covered = { low: 0, high: 0 };
    const count = { low: 0, high: 0 };
    feed(create({ transform: 'log', effort: 'low' }), values, (score, actual, step) => {
      if (step < 500 || score.lead !== 1) return;
      const where = actual < 1 ? 'low' : 'high';
      covered[where] += score.intervals[0]!.covered ? 1 : 0;
      count[where]++;
    });
    expect(covered.low / count.low).toBeCloseTo(0.9, 1);
    expect(covered.high / count.high).toBeCloseTo(0.9, 1);
  });

  it('takes what has no logarithm as missing', () => {
    const forecaster = create({ transform: 'log' });
    forecaster.step(0, 5);
    for (const [i, value] of [0, -1, Number.NaN].entries()) {
      const report = forecaster.step((i + 1) * DAY, value);
      expect(report.scores).toHaveLength(0);
      expect([...report.mean]).toEqual([5, 5, 5, 5, 5]);
    }
    expect(forecaster.step(4 * DAY, 6).scores.map((s) => s.forecast)).toEqual([5, 5, 5, 5]);
  });

  it.each([1e-100, 1e100])('stays finite at %d', (size) => {
    const forecaster = create({ transform: 'log', effort: 'low' });
    const random = new Random(1);
    for (let i = 0; i < 200; i++) {
      const { mean, lower, upper } = forecaster.step(i * DAY, size * random.uniform());
      expect([...mean, ...lower, ...upper].every(Number.isFinite)).toBe(true);
    }
  });
});

it('tells of anomalies and changes as the forecaster inside does', () => {
  const forecaster = create({ bounds: { min: -1e6 }, effort: 'low' });
  const plain = create({ effort: 'low' });
  let told = 0;
  sine(600, 24, 1, 6).forEach((value, step) => {
    const given = step < 400 ? value : value + 80;
    const { anomaly, change, changeKind } = plain.step(step * DAY, given);
    expect(forecaster.step(step * DAY, given)).toMatchObject({ anomaly, change, changeKind });
    if (anomaly > 0 || change > 0) told++;
  });
  expect(told).toBeGreaterThan(0);
});

describe('prices', () => {
  it.each([1, 2, 3])(
    'log_return on a geometric random walk is the last value (seed %d)',
    (seed) => {
      for (const effort of ['simple', 'low'] as const) {
        let squared = 0;
        let naive = 0;
        let covered = 0;
        let count = 0;
        const forecaster = create({ transform: 'log_return', effort });
        feed(
          forecaster,
          prices(2000, 0.01, seed),
          ({ forecast, naiveError, intervals }, actual) => {
            squared += (forecast - actual) ** 2;
            naive += naiveError ** 2;
            covered += intervals[0]!.covered ? 1 : 0;
            count++;
          },
        );
        expect(squared / naive).toBeLessThan(1.01);
        expect(Math.abs(covered / count - 0.9)).toBeLessThan(0.02);
      }
    },
  );

  /** Coverage of lead 1 where the true volatility is in the lowest and in the highest third. */
  function coverageByVolatility(transform: 'log' | 'log_return'): [number, number, number] {
    const steps: { sd: number; covered: number }[] = [];
    for (const seed of [1, 2, 3]) {
      const { price, sd } = garch(5000, { alpha: 0.2, beta: 0.78 }, seed);
      feed(create({ transform, horizon: 1 }), price, ({ intervals }, _, step) => {
        if (step >= 500) steps.push({ sd: sd[step]!, covered: intervals[0]!.covered ? 1 : 0 });
      });
    }
    steps.sort((a, b) => a.sd - b.sd);
    const third = Math.floor(steps.length / 3);
    const share = (part: typeof steps): number =>
      part.reduce((sum, { covered }) => sum + covered, 0) / part.length;
    return [share(steps), share(steps.slice(0, third)), share(steps.slice(-third))];
  }

  it('keeps its coverage in calm and in wild times (GARCH)', () => {
    const [, calmBefore, wildBefore] = coverageByVolatility('log');
    const [all, calm, wild] = coverageByVolatility('log_return');
    expect(Math.abs(all - 0.9)).toBeLessThan(0.02);
    expect(Math.abs(calm - 0.9)).toBeLessThan(0.02);
    expect(Math.abs(wild - 0.9)).toBeLessThan(0.02);
    expect(calmBefore - wildBefore).toBeGreaterThan(3 * Math.abs(calm - wild));
  });
});

describe('bounds', () => {
  it('hold every number that leaves, and what is scored is what was issued', () => {
    const random = new Random(4);
    const values = Array.from({ length: 600 }, () => Math.max(0, Math.round(2 * random.normal())));
    const forecaster = create({ bounds: { min: 0, max: 4 }, effort: 'low', seasonSteps: [7] });
    values.forEach((value, step) => {
      const { mean, lower, upper, scores } = forecaster.step(step * DAY, value);
      for (const number of [...mean, ...lower, ...upper]) {
        expect(number).toBeGreaterThanOrEqual(0);
        expect(number).toBeLessThanOrEqual(4);
      }
      for (const { forecast, intervals } of scores) {
        expect(Math.min(forecast, intervals[0]!.lower)).toBeGreaterThanOrEqual(0);
      }
    });
  });

  it('leave the values as they are', () => {
    const forecaster = create({ bounds: { max: 10 } });
    forecaster.step(0, 12);
    const { mean, scores } = forecaster.step(DAY, 13);
    expect([...mean]).toEqual([10, 10, 10, 10, 10]);
    expect(scores[0]).toMatchObject({ forecast: 10, naiveError: -1 });
  });
});

describe('saved and loaded', () => {
  it.each([
    { transform: 'log' },
    { transform: 'log_return' },
    { transform: 'difference' },
    { bounds: { min: 0 } },
  ] as Partial<ForecasterSettings>[])('%j continues identically', (settings) => {
    const values = prices(400, 0.02, 5);
    const [one, two] = [create(settings), create(settings)];
    feed(one, values.subarray(0, 200));
    two.load(one.save());
    one.restart();
    two.restart();
    feed(one, values.subarray(200));
    feed(two, values.subarray(200));
    expect(two.save()).toEqual(one.save());
    expect(two.step(400 * DAY, 50)).toEqual(one.step(400 * DAY, 50));
  });

  it('refuses another transform', () => {
    const saved = create({ transform: 'log' });
    expect(() => create({ bounds: { min: 0 } }).load(saved.save())).toThrow(/transform is "log"/);
  });
});
