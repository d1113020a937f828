import { describe, expect, it } from 'vitest';
import { Random } from '../../../test/support/streams.ts';
import { createReferenceEngine } from '../../recurrent/reference.ts';
import type { Effort, SeasonedSettings } from '../forecaster.ts';
import { HistoryRing } from '../history.ts';
import { networkSize } from '../network-defaults.ts';
import { createSeriesForecaster } from '../series-forecaster.ts';
import { createExperts } from './registry.ts';

const HOUR = 3_600_000;

function settings(effort: Effort, seasonSteps: readonly number[] = []): SeasonedSettings {
  const size = networkSize(effort, { hidden: 8, windowSteps: 16, updateSteps: 8 });
  return {
    horizon: 3,
    seasonSteps,
    coverage: 0.9,
    everyMs: HOUR / 3600,
    recurrent: { ...size, cell: 'gru', optimizer: 'adam', clipNorm: 1 },
    seed: 1,
    effort,
  };
}

/** Two regimes, told by the sign of the value before last: see test/bench/nonlinear-streams.mjs. */
function threshold(steps: number, seed: number): Float64Array {
  const random = new Random(seed);
  const x = new Float64Array(steps);
  for (let t = 2; t < steps; t++) {
    x[t] = 0.9 * x[t - 1]! + (x[t - 2]! > 0 ? -1 : 1) + 0.3 * random.normal();
  }
  return x;
}

/** Mean squared error of each expert at lead 1, from a step on. */
function errors(effort: Effort, values: Float64Array, from: number): Map<string, number> {
  const experts = createExperts(settings(effort), createReferenceEngine());
  const history = new HistoryRing(Math.max(...experts.map((e) => e.historySteps)));
  const out = new Float64Array(3);
  const squares = experts.map(() => 0);
  for (let t = 0; t + 1 < values.length; t++) {
    history.push(t, values[t]!);
    for (const expert of experts) expert.learn(history);
    for (const [k, expert] of experts.entries()) {
      expert.forecast(history, out);
      if (t >= from) squares[k]! += (out[0]! - values[t + 1]!) ** 2;
    }
  }
  return new Map(experts.map((e, k) => [e.name, squares[k]! / (values.length - 1 - from)]));
}

describe('the learned reservoir', () => {
  it.each([
    ['simple', false],
    ['low', false],
    ['balanced', true],
    ['high', true],
  ] as const)('effort %s: %s', (effort, there) => {
    const experts = createExperts(settings(effort), createReferenceEngine());
    const names = experts.map((expert) => expert.name);
    expect(names.includes('reservoir')).toBe(there);
    // It reads the state of the same step: the network comes before it.
    if (there) expect(names.indexOf('gru')).toBeLessThan(names.indexOf('reservoir'));
  });

  it('is there with a network only', () => {
    const alone = { ...settings('balanced'), recurrent: undefined };
    const names = createExperts(alone, createReferenceEngine()).map((expert) => expert.name);
    expect(names).not.toContain('reservoir');
  });

  it('sees what is not linear in the past', () => {
    const found = errors('balanced', threshold(4_000, 1), 2_500);
    const linear = Math.min(
      ...['full', 'slow', 'small', 'quick'].map((name) => found.get(`regression_${name}`)!),
    );
    expect(found.get('reservoir')).toBeLessThan(0.6 * linear);
    expect(found.get('gru')).toBeLessThan(0.75 * linear);
  });

  it('goes on byte by byte after load, over a gap and a restart', () => {
    const create = () =>
      createSeriesForecaster(settings('balanced', [12]), createReferenceEngine());
    const values = threshold(600, 2);
    values.fill(Number.NaN, 320, 325);
    const whole = create();
    for (let t = 0; t < 300; t++) whole.step(t, values[t]!);
    const other = create();
    other.load(whole.save());
    for (let t = 300; t < 600; t++) {
      if (t === 400) for (const forecaster of [whole, other]) forecaster.restart();
      const expected = [...whole.step(t, values[t]!).mean];
      expect([...other.step(t, values[t]!).mean]).toEqual(expected);
    }
    expect(Buffer.from(other.save()).equals(Buffer.from(whole.save()))).toBe(true);
  });

  it.each([
    ['constant', () => 5],
    ['tiny', (i: number) => 1e-90 * (i % 7)],
    ['huge', (i: number) => 1e90 * Math.sin(i)],
    ['a jump', (i: number) => (i < 200 ? 1 : 1e6) + 0.01 * Math.sin(i)],
    ['a dead sensor', (i: number) => (i < 200 ? Math.sin(i) : 0)],
  ])('says finite numbers or nothing: %s', (_, value) => {
    const experts = createExperts(settings('balanced', [12]), createReferenceEngine());
    const readouts = experts.filter(({ name }) => name === 'gru' || name === 'reservoir');
    const history = new HistoryRing(Math.max(...readouts.map((e) => e.historySteps)));
    const out = new Float64Array(3);
    for (let t = 0; t < 400; t++) {
      history.push(t, value(t));
      for (const expert of readouts) expert.learn(history);
      for (const expert of readouts) {
        expert.forecast(history, out);
        expect(out.every(Number.isFinite) || out.every(Number.isNaN)).toBe(true);
      }
    }
  });
});
