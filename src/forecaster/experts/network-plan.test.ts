import { describe, expect, it } from 'vitest';
import type { RecurrentSettings, SeasonedSettings } from '../forecaster.ts';
import { leadEmphasis, learningRate, networkShape, updateSteps } from './network-plan.ts';

const recurrent: RecurrentSettings = {
  cell: 'gru',
  hidden: 4,
  layers: 1,
  updateSteps: 4,
  windowSteps: 32,
  optimizer: 'adam',
  learningRate: 0.01,
  clipNorm: 1,
};

function settings(horizon: number, seasonSteps: number[]): SeasonedSettings {
  return { horizon, seasonSteps, coverage: 0.9, everyMs: 1000, recurrent, seed: 1 };
}

describe('window', () => {
  it.each([
    ['as told', 12, [], undefined, 32],
    ['beyond the longest lead', 48, [], undefined, 64],
    ['over a season that may be covered', 12, [24, 96], 100, 96],
    ['not over one that is too long', 12, [24, 96, 672], 100, 96],
    ['not over any unless allowed', 12, [96], undefined, 32],
  ])('%s', (_, horizon, seasons, seasonStepsMax, expected) => {
    const given = { ...recurrent, ...(seasonStepsMax && { seasonStepsMax }) };
    expect(networkShape(settings(horizon, seasons), given).windowSteps).toBe(expected);
  });

  it('stretched past twice its length, it is gone through more seldom', () => {
    expect(updateSteps(recurrent, 64)).toBe(4);
    expect(updateSteps(recurrent, 128)).toBe(8);
  });
});

describe('leadEmphasis', () => {
  it('weighs the leads 1 in the mean, the first the most', () => {
    const weights = leadEmphasis(48).map((root) => root * root);
    expect(weights.reduce((sum, weight) => sum + weight, 0) / 48).toBeCloseTo(1, 12);
    for (let i = 1; i < 48; i++) expect(weights[i]).toBeLessThan(weights[i - 1]!);
    expect([...leadEmphasis(1)]).toEqual([1]);
  });
});

describe('learningRate', () => {
  it('stays where nothing is said of settling', () => {
    expect(learningRate(recurrent, 1e9)).toBe(0.01);
  });

  it('is full at first, then falls as 1/steps, to a tenth', () => {
    const settling = { ...recurrent, settleSteps: 2_000 };
    expect(learningRate(settling, 1_999)).toBe(0.01);
    expect(learningRate(settling, 4_000)).toBeCloseTo(0.005, 12);
    expect(learningRate(settling, 1e9)).toBeCloseTo(0.001, 12);
  });
});
