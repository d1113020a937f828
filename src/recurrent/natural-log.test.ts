import { describe, expect, it } from 'vitest';
import { naturalLog } from './natural-log.ts';

describe('naturalLog', () => {
  it('agrees with Math.log from 1 up', () => {
    expect(naturalLog(1)).toBe(0);
    for (let x = 1.0009765625; x < 1e6; x *= 1.003) {
      expect(Math.abs(naturalLog(x) / Math.log(x) - 1)).toBeLessThan(1e-15);
    }
  });

  it('refuses what has no logarithm here', () => {
    for (const x of [0.999, 0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => naturalLog(x)).toThrow('at least 1');
    }
  });
});
