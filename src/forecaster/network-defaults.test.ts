import { describe, expect, it } from 'vitest';
import type { Effort } from './forecaster.ts';
import { networkSize } from './network-defaults.ts';

const EFFORTS: readonly Effort[] = ['simple', 'low', 'balanced', 'high'];

describe('networkSize', () => {
  it.each(EFFORTS)('%s: what the user says comes first', (effort) => {
    const wish = { hidden: 7, layers: 2, updateSteps: 5, windowSteps: 9, learningRate: 0.1 };
    expect(networkSize(effort, wish)).toMatchObject(wish);
  });

  it.each(EFFORTS)('%s: no default contradicts the user', (effort) => {
    const short = networkSize(effort, { windowSteps: 2 });
    expect(short).toMatchObject({ windowSteps: 2, updateSteps: 2 });
    const seldom = networkSize(effort, { updateSteps: 500 });
    expect(seldom).toMatchObject({ windowSteps: 500, updateSteps: 500 });
    const own = networkSize(effort);
    expect(own.windowSteps).toBeGreaterThanOrEqual(own.updateSteps);
  });
});
