import { describe, expect, it } from 'vitest';
import { LinearEngine } from '../../test/support/linear-engine.ts';
import { randomWalk, sine } from '../../test/support/streams.ts';
import type { ForecasterSettings, SeriesForecaster } from './forecaster.ts';
import { createSeriesForecaster } from './series-forecaster.ts';

const HOUR = 3_600_000;
const HORIZON = 6;

function create(settings: Partial<ForecasterSettings> = {}): SeriesForecaster {
  return createSeriesForecaster(
    {
      horizon: HORIZON,
      seasonSteps: 'auto',
      coverage: 0.9,
      everyMs: HOUR,
      recurrent: undefined,
      seed: 1,
      effort: 'low',
      companions: 1,
      ...settings,
    },
    new LinearEngine(),
  );
}

function step(forecaster: SeriesForecaster, values: Float64Array, i: number) {
  return forecaster.step(i * HOUR, values[i]!, [values[i]! ** 2]);
}

/** Everything that was issued and scored from step `from` on. */
function run(forecaster: SeriesForecaster, values: Float64Array, from = 0): string[] {
  const out: string[] = [];
  for (let i = from; i < values.length; i++) {
    const { mean, lower, scores } = step(forecaster, values, i);
    out.push(JSON.stringify([[...mean], [...lower], scores]));
  }
  return out;
}

const experts = (forecaster: SeriesForecaster) => forecaster.weights(1).map((w) => w.expert);

describe('seasons found on the way', () => {
  it('an odd season is found, and forecast as if it had been told', () => {
    const values = sine(1_500, 37, 1, 1);
    const found = create();
    const told = create({ seasonSteps: [37] });
    const squared = [0, 0];
    for (let i = 0; i < values.length - 1; i++) {
      for (const [k, forecaster] of [found, told].entries()) {
        const { mean } = step(forecaster, values, i);
        if (i >= 1_000) squared[k]! += (mean[0]! - values[i + 1]!) ** 2;
      }
    }
    expect(experts(found)).toEqual(experts(told));
    expect(squared[0]! / squared[1]!).toBeLessThan(1.02);
  });

  it('begins with the season that a cadence mostly has', () => {
    const seasons = (settings: Partial<ForecasterSettings>) =>
      experts(create(settings)).filter((name) => /^seasonal_\d+$/.test(name));
    expect(seasons({})).toEqual(['seasonal_24']);
    expect(seasons({ everyMs: 24 * HOUR })).toEqual(['seasonal_7']);
    expect(seasons({ everyMs: 60_000 })).toEqual([]);
  });

  it('a random walk finds no other', () => {
    const forecaster = create();
    run(forecaster, randomWalk(1_500, 2));
    expect(experts(forecaster)).toEqual(experts(create()));
  });

  it('each forecast is scored as it was issued, through the change too', () => {
    const values = sine(700, 30, 1, 3);
    const forecaster = create();
    const issued: Float64Array[] = [];
    const before = experts(forecaster);
    for (let i = 0; i < values.length; i++) {
      const { mean, scores } = step(forecaster, values, i);
      const leads = Math.min(HORIZON, i);
      expect(scores.map((s) => s.lead)).toEqual(Array.from({ length: leads }, (_, h) => h + 1));
      for (const { lead, forecast } of scores) expect(forecast).toBe(issued[i - lead]![lead - 1]);
      issued.push(mean.slice());
    }
    expect(experts(forecaster)).not.toEqual(before);
  });

  it('what comes later changes nothing that was issued', () => {
    const values = sine(500, 30, 1, 4);
    const changed = values.map((v, i) => (i > 330 ? -v : v));
    expect(run(create(), changed).slice(0, 331)).toEqual(run(create(), values).slice(0, 331));
  });

  it('continues byte for byte after save and load, before, in and after the change', () => {
    const values = sine(400, 17, 1, 5).map((v, i) => (i % 31 === 7 ? Number.NaN : v));
    const whole = create({ effort: 'simple' });
    const plain = String(experts(whole));
    const saved = new Map<number, Uint8Array>();
    const issued: string[] = [];
    let changed = 0;
    for (let i = 0; i < values.length; i++) {
      if (i % 10 === 0 || changed > i - 4) saved.set(i, whole.save());
      issued.push(...run(whole, values.slice(0, i + 1), i));
      if (changed === 0 && String(experts(whole)) !== plain) changed = i;
    }
    expect(changed).toBeGreaterThan(0);
    for (const [at, bytes] of saved) {
      const loaded = create({ effort: 'simple' });
      loaded.load(bytes);
      expect(run(loaded, values, at)).toEqual(issued.slice(at));
      expect(loaded.save()).toEqual(whole.save());
    }
  });

  it('a restart keeps the seasons and scores nothing from before it', () => {
    const values = sine(600, 30, 1, 6);
    const forecaster = create();
    run(forecaster, values);
    const seasonal = experts(forecaster);
    forecaster.restart();
    expect(forecaster.step(9_000 * HOUR, 50, [1]).scores).toEqual([]);
    expect(experts(forecaster)).toEqual(seasonal);
  });

  it('refuses other bytes, and weights whose shape depends on the seasons', () => {
    expect(() => create().load(create({ seasonSteps: [24] }).save())).toThrow(/format/);
    const recurrent = {
      cell: 'gru',
      hidden: 4,
      layers: 1,
      updateSteps: 4,
      windowSteps: 16,
      optimizer: 'sgd',
      learningRate: 0.01,
      clipNorm: 1,
      initialWeights: new Float64Array(1),
    } as const;
    expect(() => create({ recurrent })).toThrow(/seasons/);
  });
});
