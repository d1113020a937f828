import { describe, expect, it } from 'vitest';
import { LinearEngine } from '../../../test/support/linear-engine.ts';
import { sine } from '../../../test/support/streams.ts';
import type { RecurrentSettings, SeasonedSettings } from '../forecaster.ts';
import { HistoryRing } from '../history.ts';
import { leadEmphasis } from './network-plan.ts';
import { RecurrentExpert } from './recurrent.ts';
import { SharedNetwork } from './shared-network.ts';

const HOUR = 3_600_000;
const recurrent: RecurrentSettings = {
  cell: 'gru',
  hidden: 4,
  layers: 1,
  updateSteps: 2,
  windowSteps: 6,
  optimizer: 'sgd',
  learningRate: 0.02,
  clipNorm: 1,
};

function setUp(horizon: number, seasonSteps: readonly number[] = [], everyMs = 200) {
  const settings: SeasonedSettings = {
    horizon,
    seasonSteps,
    coverage: 0.9,
    everyMs,
    recurrent,
    seed: 1,
  };
  const engine = new LinearEngine();
  const network = new SharedNetwork(settings, recurrent, engine);
  const expert = new RecurrentExpert(settings, network, recurrent.cell);
  const history = new HistoryRing(expert.historySteps);
  const out = new Float64Array(horizon);
  let steps = 0;
  const step = (value: number) => {
    history.push(steps++ * everyMs, value);
    expert.learn(history);
    expert.forecast(history, out);
    return [...out];
  };
  return { expert, network: engine.networks[0]!, step };
}

describe('RecurrentExpert', () => {
  it('is the last value while untrained', () => {
    const { step } = setUp(3);
    expect(step(7)).toEqual([7, 7, 7]);
    expect(step(Number.NaN)).toEqual([7, 7, 7]);
  });

  it('updates at every fourth time only while learning is thinned by four', () => {
    const { expert, network, step } = setUp(3);
    const updates = (steps: number): number => {
      const before = network.calls.length;
      for (let i = 0; i < steps; i++) step(Math.sin(i));
      return network.calls.length - before;
    };
    updates(10);
    expect(updates(64)).toBe(32);
    expert.thin(4);
    expect(updates(64)).toBe(8);
    expert.thin(1);
    expect(updates(64)).toBe(32);
  });

  it('masks every target that has not arrived, and no other', () => {
    const { network, step } = setUp(3);
    for (let i = 0; i < 20; i++) step(i);
    const { rows, mask } = network.calls.at(-1)!;
    expect(rows).toBe(6);
    const cells = Array.from({ length: rows }, (_, r) => [...mask.slice(r * 3, r * 3 + 3)]);
    expect(cells).toEqual([
      [1, 1, 1],
      [1, 1, 1],
      [1, 1, 1],
      [1, 1, 1],
      [1, 1, 0],
      [1, 0, 0],
    ]);
  });

  it('has as target the change from the last value at issue, in typical changes', () => {
    const { network, step } = setUp(2);
    for (let i = 0; i < 40; i++) step(3 * i);
    const { targets, mask, rows } = network.calls.at(-1)!;
    const emphasis = leadEmphasis(2);
    // A ramp changes by exactly its typical change: 1 ÷ 1.2533 deviations at every lead.
    for (let cell = 0; cell < rows * 2; cell++) {
      const z = targets[cell]! / emphasis[cell % 2]!;
      if (mask[cell] === 1) expect(z).toBeCloseTo(1 / 1.2533, 9);
    }
  });

  it('has no target where the value is missing, and goes on through the gap', () => {
    const { network, step } = setUp(3);
    for (let i = 0; i < 10; i++) step(i);
    step(Number.NaN);
    const issued = step(Number.NaN);
    expect(issued.every(Number.isFinite)).toBe(true);
    step(12);
    step(13);
    const { mask, rows } = network.calls.at(-1)!;
    const known = Array.from({ length: rows }, (_, r) =>
      [...mask.slice(r * 3, r * 3 + 3)].join(''),
    );
    // Rows were issued at steps 7…12; steps 10 and 11 are missing.
    expect(known).toEqual(['110', '100', '001', '011', '110', '100']);
    const missing = network.inputs.map((x) => x[2]);
    expect(missing.slice(-5)).toEqual([0, 1, 1, 0, 0]);
  });

  it('a window reaches back beyond the longest lead', () => {
    const { network } = setUp(20);
    expect(network.shape.windowSteps).toBe(23);
  });

  it('learns a shape that the last value misses', () => {
    const { step } = setUp(6, [24], HOUR);
    const values = sine(3_000, 24, 0.2, 1);
    let error = 0;
    let naive = 0;
    for (let i = 0; i < values.length - 6; i++) {
      const issued = step(values[i]!);
      if (i < 2_000) continue;
      error += Math.abs(issued[5]! - values[i + 6]!);
      naive += Math.abs(values[i]! - values[i + 6]!);
    }
    expect(error).toBeLessThan(0.3 * naive);
  });

  it('bounds what a network may say, and passes on no NaN as a number', () => {
    const { network, step } = setUp(2);
    for (let i = 0; i < 50; i++) step(i % 2);
    const weights = network.weights();
    network.setWeights(weights.fill(1e6));
    const wild = step(0);
    expect(Math.max(...wild.map(Math.abs))).toBeLessThan(10);
    network.setWeights(weights.fill(Number.NaN));
    expect(step(1)).toEqual([Number.NaN, Number.NaN]);
  });

  it.each([
    ['constant', () => 5],
    ['tiny', (i: number) => 1e-100 * (i % 7)],
    ['huge', (i: number) => 1e100 * Math.sin(i)],
    ['a jump', (i: number) => (i < 150 ? 1 : 1e6) + 0.01 * Math.sin(i)],
    ['a dead sensor', (i: number) => (i < 150 ? Math.sin(i) : 0)],
  ])('gives the network bounded numbers alone: %s', (_, value) => {
    const { network, step } = setUp(3, [12], HOUR);
    for (let i = 0; i < 300; i++) {
      for (const forecast of step(value(i))) expect(Number.isFinite(forecast)).toBe(true);
    }
    for (const x of network.inputs) for (const v of x) expect(Math.abs(v)).toBeLessThanOrEqual(5);
    for (const { targets } of network.calls) {
      const most = 5 * Math.max(...leadEmphasis(3));
      for (const v of targets) expect(Math.abs(v)).toBeLessThanOrEqual(most);
    }
  });

  it('continues identically after load, and after a restart begins a new window', () => {
    const a = setUp(3, [12], HOUR);
    const values = sine(120, 12, 1, 2);
    for (const value of values.slice(0, 81)) a.step(value);
    const b = setUp(3, [12], HOUR);
    // The history is the owner's: give b the same, without learning it.
    for (const value of values.slice(0, 81)) b.step(value);
    b.network.setWeights(b.network.weights().fill(0));
    b.expert.load(a.expert.save());
    for (const value of values.slice(81)) expect(b.step(value)).toEqual(a.step(value));
    a.expert.restart();
    expect(a.network.windowLength).toBe(0);
    expect(a.step(50).every(Number.isFinite)).toBe(true);
  });
});
