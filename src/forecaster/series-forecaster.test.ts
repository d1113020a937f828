import { describe, expect, it } from 'vitest';
import { LinearEngine } from '../../test/support/linear-engine.ts';
import { autoregression, Random, randomWalk, sine } from '../../test/support/streams.ts';
import type { ForecasterSettings, SeriesForecaster, StepReport } from './forecaster.ts';
import { createSeriesForecaster } from './series-forecaster.ts';

const HOUR = 3_600_000;
const base: ForecasterSettings = {
  horizon: 4,
  seasonSteps: [],
  coverage: 0.9,
  everyMs: HOUR,
  recurrent: {
    cell: 'gru',
    hidden: 4,
    layers: 1,
    updateSteps: 4,
    windowSteps: 16,
    optimizer: 'sgd',
    learningRate: 0.01,
    clipNorm: 1,
  },
  seed: 1,
};

function create(settings: Partial<ForecasterSettings> = {}): SeriesForecaster {
  return createSeriesForecaster({ ...base, ...settings }, new LinearEngine());
}

/** All numbers of a report, bit by bit. */
function bytesOf(report: StepReport): string {
  const scores = report.scores.flatMap(({ intervals, ...score }) =>
    [score, ...intervals].flatMap((part) => Object.values(part).map(Number)),
  );
  const all = [...report.mean, ...report.lower, ...report.upper, ...scores];
  all.push(report.anomaly, report.change);
  return Buffer.from(Float64Array.from(all).buffer).toString('base64');
}

function run(forecaster: SeriesForecaster, values: Iterable<number>, first = 0): string[] {
  const issued: string[] = [];
  let i = first;
  for (const value of values) issued.push(bytesOf(forecaster.step(i++ * HOUR, value)));
  return issued;
}

/** Mean |error| and mean |naive error| at a lead over the steps from `from` on, and coverage. */
function scored(forecaster: SeriesForecaster, values: Iterable<number>, lead: number, from = 0) {
  let error = 0;
  let naive = 0;
  let covered = 0;
  let count = 0;
  let i = 0;
  for (const value of values) {
    const score = forecaster.step(i * HOUR, value).scores.find((s) => s.lead === lead);
    if (i++ < from || !score) continue;
    error += Math.abs(score.forecast - value);
    naive += Math.abs(score.naiveError);
    const { lower, upper } = score.intervals[0]!;
    covered += lower <= value && value <= upper ? 1 : 0;
    count++;
  }
  return { error: error / count, naive: naive / count, coverage: covered / count };
}

function expectSane(report: StepReport): void {
  for (let i = 0; i < report.mean.length; i++) {
    const [lower, mean, upper] = [report.lower[i]!, report.mean[i]!, report.upper[i]!];
    expect([lower, mean, upper].every(Number.isFinite)).toBe(true);
    expect(lower <= mean && mean <= upper).toBe(true);
  }
  for (const score of report.scores) {
    const numbers = [score, ...score.intervals].flatMap((part) => Object.values(part));
    expect(numbers.filter((n) => typeof n === 'number').every(Number.isFinite)).toBe(true);
    expect(score.skill).toBeGreaterThanOrEqual(-10);
    expect(score.skill).toBeLessThanOrEqual(1);
  }
}

describe('the order of a step', () => {
  it('issues from the first value on, and scores each lead when its target has come', () => {
    const forecaster = create();
    expect(forecaster.step(0, Number.NaN)).toMatchObject({ issued: false, scores: [] });
    const first = forecaster.step(HOUR, 5);
    expect(first.issued).toBe(true);
    expect([...first.mean]).toEqual([5, 5, 5, 5]);
    const leads = [6, 7, 8, 9, 10].map((value, i) =>
      forecaster.step((2 + i) * HOUR, value).scores.map((s) => s.lead),
    );
    expect(leads).toEqual([[1], [1, 2], [1, 2, 3], [1, 2, 3, 4], [1, 2, 3, 4]]);
  });

  it('scores exactly what it issued, and the naive error as forecast − actual', () => {
    const forecaster = create({ seasonSteps: [6] });
    const values = sine(200, 6, 1, 3);
    const issued: { mean: Float64Array; lower: Float64Array; upper: Float64Array }[] = [];
    for (let i = 0; i < values.length; i++) {
      const report = forecaster.step(i * HOUR, values[i]!);
      for (const score of report.scores) {
        const then = issued[i - score.lead]!;
        expect(score.forecast).toBe(then.mean[score.lead - 1]);
        expect(score.intervals[0]!.lower).toBe(then.lower[score.lead - 1]);
        expect(score.intervals[0]!.upper).toBe(then.upper[score.lead - 1]);
        expect(score.naiveError).toBe(values[i - score.lead]! - values[i]!);
      }
      const { mean, lower, upper } = report;
      issued.push({ mean: mean.slice(), lower: lower.slice(), upper: upper.slice() });
    }
  });

  it('still forecasts in a gap, and scores nothing', () => {
    const forecaster = create();
    run(forecaster, sine(50, 12, 1, 4));
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1e308]) {
      const report = forecaster.step(51 * HOUR, value);
      expect([report.issued, report.scores.length]).toEqual([true, 0]);
      expectSane(report);
    }
    expect(forecaster.step(54 * HOUR, 50).scores.map((s) => s.lead)).toEqual([1, 2, 3, 4]);
  });

  it('after a restart scores nothing from before it', () => {
    const forecaster = create({ seasonSteps: [6] });
    run(forecaster, sine(50, 12, 1, 5));
    forecaster.restart();
    const first = forecaster.step(9_000 * HOUR, 1_000);
    expect(first.scores).toEqual([]);
    for (const mean of first.mean) expect(Math.abs(mean - 1_000)).toBeLessThan(5);
    expect(forecaster.step(9_001 * HOUR, 1_001).scores.map((s) => s.lead)).toEqual([1]);
  });
});

describe('nothing leaks, nothing is left to chance', () => {
  it('what was issued up to a row does not depend on what came after it', () => {
    const values = sine(600, 24, 1, 6);
    const noise = new Random(7);
    const replaced = values.map((v, i) => (i > 400 ? 1e3 * noise.normal() : v));
    const [a, b] = [values, replaced].map((v) => run(create({ seasonSteps: [24] }), v));
    expect(b!.slice(0, 401)).toEqual(a!.slice(0, 401));
    expect(b![401]).not.toEqual(a![401]);
  });

  it.each([0, 1, 7, 150])('continues byte for byte after save and load at step %i', (at) => {
    const settings = { seasonSteps: [12], horizon: 5 };
    const values = Array.from(sine(300, 12, 1, 8), (v, i) => (i % 17 === 3 ? Number.NaN : v));
    const whole = create(settings);
    run(whole, values.slice(0, at));
    const loaded = create(settings);
    loaded.load(whole.save());
    expect(run(loaded, values.slice(at), at)).toEqual(run(whole, values.slice(at), at));
    expect(loaded.save()).toEqual(whole.save());
  });

  it('refuses what was saved with other settings, and damaged bytes', () => {
    const bytes = create().save();
    expect(() => create({ horizon: 5 }).load(bytes)).toThrow(/horizon is "4".*need "5"/);
    expect(() => create({ seasonSteps: [6] }).load(bytes)).toThrow(/number of experts/);
    expect(() => create().load(bytes.slice(0, 200))).toThrow(/ends at byte 200/);
  });

  it('refuses settings that make no sense', () => {
    expect(() => create({ horizon: 0 })).toThrow(/horizon: 0/);
    expect(() => create({ coverage: 1 })).toThrow(/coverage: 1/);
    expect(() => create({ seasonSteps: [1.5] })).toThrow(/season: 1.5/);
    expect(() => create({ everyMs: Number.NaN })).toThrow(/everyMs: NaN/);
  });
});

describe('never NaN', () => {
  const random = new Random(9);
  const streams: [string, (i: number) => number][] = [
    ['constant', () => 7],
    ['zero', () => 0],
    ['tiny units', (i) => 1e-12 * Math.sin(i)],
    ['denormal', (i) => 5e-324 * (i % 3)],
    ['huge units', (i) => 1e12 * Math.sin(i)],
    ['the largest values', (i) => (i % 2 === 0 ? 1e100 : -1e100)],
    ['a jump of 1e6 and back', (i) => (i > 200 && i < 300 ? 1e6 : 0) + Math.sin(i)],
    ['a constant, then a jump', (i) => (i < 200 ? 3 : 3e6)],
    ['spikes', (i) => (i % 50 === 49 ? 1e100 : Math.sin(i))],
    ['mostly gaps', (i) => (i % 9 === 0 ? i : Number.NaN)],
    ['infinities', (i) => [1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2][i % 4]!],
    ['anything', () => 10 ** (200 * (random.uniform() - 0.5)) * (random.uniform() - 0.5)],
  ];

  it.each(streams)('%s', (_, value) => {
    const forecaster = create({ seasonSteps: [12] });
    for (let i = 0; i < 500; i++) {
      const report = forecaster.step(i * HOUR, value(i));
      if (report.issued) expectSane(report);
    }
  });

  it('a constant is forecast as that constant', () => {
    const forecaster = create({ seasonSteps: [12] });
    for (let i = 0; i < 200; i++) {
      expect([...forecaster.step(i * HOUR, 0.1).mean]).toEqual([0.1, 0.1, 0.1, 0.1]);
    }
  });
});

describe('never worse than simple', () => {
  it.each([1, 2, 3])('a random walk is left to the last value (seed %i)', (seed) => {
    for (const lead of [1, 4]) {
      const { error, naive } = scored(create({ seasonSteps: [24] }), randomWalk(5_000, seed), lead);
      expect(error).toBeLessThan(1.02 * naive);
    }
  });

  it('a daily sine is forecast better than by the last value', () => {
    const { error, naive } = scored(create({ seasonSteps: [24] }), sine(2_000, 24, 1, 10), 4, 500);
    expect(error).toBeLessThan(0.3 * naive);
  });

  it('a step to a new level is followed at once', () => {
    const values = sine(1_500, 24, 0.5, 11).map((v, i) => (i >= 1_000 ? v + 500 : v));
    const { error, naive } = scored(create({ seasonSteps: [24] }), values, 1, 1_005);
    expect(error).toBeLessThan(1.5 * naive);
  });

  it('says which expert has the weight', () => {
    const forecaster = create({ seasonSteps: [24], recurrent: undefined });
    run(forecaster, sine(1_000, 24, 0.1, 12));
    const weights = forecaster.weights(4);
    expect(weights.map((w) => w.expert)).toEqual(['last_value', 'seasonal_24']);
    expect(weights[1]!.weight).toBeGreaterThan(0.95);
    expect(weights[0]!.weight + weights[1]!.weight).toBeCloseTo(1, 12);
  });
});

describe('honest intervals', () => {
  it.each([1, 4])('hold 87 to 93 %% of an autoregressive stream at lead %i', (lead) => {
    const { coverage } = scored(create(), autoregression(6_000, 0.8, 13), lead);
    expect(coverage).toBeGreaterThan(0.87);
    expect(coverage).toBeLessThan(0.93);
  });
});

describe('what is strange or new', () => {
  /** A noisy daily wave at effort low, changed from step 1,200. */
  function watch(change: (value: number, step: number) => number): StepReport[] {
    const forecaster = create({ recurrent: undefined, effort: 'low', seasonSteps: [24] });
    const random = new Random(5);
    return Array.from({ length: 1300 }, (_, i) => {
      const value = 5 * Math.sin((2 * Math.PI * i) / 24) + random.normal();
      return { ...forecaster.step(i * HOUR, i < 1200 ? value : change(value, i)) };
    });
  }

  it('one outlier is an anomaly and no change', () => {
    const reports = watch((value, i) => (i === 1200 ? 40 : value));
    expect(reports[1200]!.anomaly).toBeGreaterThan(0.5);
    expect(Math.max(...reports.slice(500).map((r) => r.change))).toBe(0);
  });

  it('noise that stays larger is a change, told once', () => {
    const random = new Random(9);
    const told = watch((value) => value + 6 * random.normal()).filter((r) => r.change > 0);
    expect(told.map((r) => r.changeKind)).toEqual(['larger']);
  });

  it('a gap has no anomaly and is no change', () => {
    const report = watch((value, i) => (i >= 1250 ? Number.NaN : value)).at(-1)!;
    expect(report.anomaly).toBeNaN();
    expect(report.change).toBe(0);
  });
});
