import { describe, expect, it } from 'vitest';
import { LinearEngine } from '../../test/support/linear-engine.ts';
import { Random } from '../../test/support/streams.ts';
import type { Effort, ForecasterSettings, SeriesForecaster } from './forecaster.ts';
import { createSeriesForecaster } from './series-forecaster.ts';

const HOUR = 3_600_000;
const HORIZON = 12;
const SIZE = 10;

function create(effort: Effort, more: Partial<ForecasterSettings> = {}): SeriesForecaster {
  const settings = { horizon: HORIZON, seasonSteps: [], coverage: 0.9, everyMs: HOUR, effort };
  const network = { recurrent: undefined, seed: 1, knownAhead: 1 };
  return createSeriesForecaster({ ...settings, ...network, ...more }, new LinearEngine());
}

/** A switch that stays as it is for 5 to 60 steps, and a series that it lifts by SIZE. */
function switched(steps: number, seed: number): { input: Float64Array; value: Float64Array } {
  const random = new Random(seed);
  const input = new Float64Array(steps + HORIZON);
  let left = 0;
  let state = 1;
  for (let i = 0; i < input.length; i++) {
    if (left-- <= 0) {
      left = 5 + Math.floor(55 * random.uniform());
      state = 1 - state;
    }
    input[i] = state;
  }
  let memory = 0;
  const value = Float64Array.from({ length: steps }, (_, i) => {
    memory = 0.8 * memory + 0.5 * random.normal();
    return 100 + memory + SIZE * input[i]!;
  });
  return { input, value };
}

function aheadOf(input: Float64Array, step: number): Float64Array {
  return input.subarray(step, step + 1 + HORIZON);
}

describe('a covariate that is known ahead', () => {
  it.each(['simple', 'low', 'balanced'] as const)(
    'is forecast through its change, at the lead of the change (effort %s)',
    (effort) => {
      const { input, value } = switched(1500, 1);
      const [knowing, blind] = [create(effort), create(effort, { knownAhead: 0 })];
      const errors = { knowing: 0, blind: 0, count: 0 };
      for (let i = 0; i < value.length; i++) {
        const seen = knowing.step(i * HOUR, value[i]!, [], aheadOf(input, i));
        const unseen = blind.step(i * HOUR, value[i]!);
        if (i < 800) continue;
        for (let s = 0; s < seen.scores.length; s++) {
          const { lead, forecast } = seen.scores[s]!;
          if (input[i - lead] === input[i]) continue;
          errors.knowing += Math.abs(forecast - value[i]!);
          errors.blind += Math.abs(unseen.scores[s]!.forecast - value[i]!);
          errors.count++;
        }
      }
      expect(errors.count).toBeGreaterThan(500);
      expect(errors.blind / errors.count).toBeGreaterThan(0.7 * SIZE);
      expect(errors.knowing / errors.count).toBeLessThan(0.2 * SIZE);
    },
  );

  it('may be missing, now and ahead', () => {
    const { input, value } = switched(600, 2);
    const random = new Random(3);
    const forecaster = create('low');
    for (let i = 0; i < value.length; i++) {
      const ahead = aheadOf(input, i).map((u) => (random.uniform() < 0.3 ? Number.NaN : u));
      const report = forecaster.step(i * HOUR, value[i]!, [], i % 50 < 10 ? [] : ahead);
      for (const number of [...report.mean, ...report.lower, ...report.upper]) {
        expect(Math.abs(number)).toBeLessThan(1000);
      }
    }
  });

  it('is part of the state', () => {
    const { input, value } = switched(400, 4);
    const [one, two] = [create('balanced'), create('balanced')];
    const feed = (forecaster: SeriesForecaster, from: number, to: number): void => {
      for (let i = from; i < to; i++) forecaster.step(i * HOUR, value[i]!, [], aheadOf(input, i));
    };
    feed(one, 0, 300);
    two.load(one.save());
    feed(one, 300, 400);
    feed(two, 300, 400);
    expect(two.save()).toEqual(one.save());
  });
});
