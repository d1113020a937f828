import { describe, expect, it } from 'vitest';
import { clipVerdict, coverageWords, expertWords, reachVerdict } from './words.ts';

const NETWORK = {
  ...{ cell: 'gru' as const, inputs: 4, hidden: 24, layers: 1, outputs: 20, windowSteps: 36 },
  ...{ weights: 2_660, updates: 500, skipped: 0, loss: 0.3, blocks: [] },
  ...{ gradNorm: 1.5, clippedNorm: 0.9, clippedShare: 0.2, gradientReach: 0.2 },
};

describe('what is said of a network', () => {
  it.each([
    [0.2, 'Reaches through'],
    [0.004, 'Fades'],
    [1e-5, 'Vanishing'],
    [17, 'Exploding'],
    [null, 'Not known yet'],
  ])('calls a reach of %s: %s', (gradientReach, head) => {
    expect(reachVerdict({ ...NETWORK, gradientReach }).head).toBe(head);
  });

  it('does not judge by a few updates', () => {
    const early = reachVerdict({ ...NETWORK, updates: 18, gradientReach: 17 });
    expect(early).toMatchObject({ tone: 'plain', head: 'Too early to say' });
    expect(early.text).toContain('is 17 times that at its last');
  });

  it('warns where most updates are clipped', () => {
    expect(clipVerdict({ ...NETWORK, clippedShare: 0.8 })).toMatchObject({
      tone: 'warn',
      head: '80 % clipped',
    });
    expect(clipVerdict({ ...NETWORK, clippedShare: 0 }).head).toBe('None clipped');
  });
});

it('says what experts go by', () => {
  expect(expertWords('seasonal_96')).toBe('as one season of 96 steps ago');
  expect(expertWords('holt_winters_1')).toBe('smoothed level and trend');
  expect(expertWords('holt_winters_12_log')).toBe('smoothed level and season of 12 steps');
  expect(expertWords('something_new')).toBe('');
});

it('tells intervals that are too narrow from those that are too wide', () => {
  expect(coverageWords(0.88, 0.9)).toBe('Holds what it should (90 %)');
  expect(coverageWords(0.8, 0.9)).toContain('too narrow');
  expect(coverageWords(0.99, 0.9)).toContain('wider than need be');
});
