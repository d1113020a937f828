import { describe, expect, it } from 'vitest';
import { Random } from './random.ts';

const draw = (seed: number, count: number): number[] => {
  const random = new Random(seed);
  return Array.from({ length: count }, () => random.uniform(0, 1));
};

describe('Random', () => {
  it('gives these numbers for ever: saved experiments depend on them', () => {
    const random = new Random(1);
    expect([random.bits(), random.bits(), random.bits()]).toEqual([
      2_442_144_158, 3_238_099_751, 3_819_917_871,
    ]);
  });

  it('is uniform: mean, variance and neighbours', () => {
    const values = draw(7, 100_000);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const covariance = (shift: number): number => {
      let sum = 0;
      for (let i = shift; i < values.length; i++) {
        sum += (values[i]! - mean) * (values[i - shift]! - mean);
      }
      return sum / values.length;
    };
    expect(mean).toBeCloseTo(0.5, 2);
    expect(covariance(0)).toBeCloseTo(1 / 12, 2);
    expect(covariance(1)).toBeCloseTo(0, 2);
    expect(Math.min(...values.slice(0, 10_000))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values.slice(0, 10_000))).toBeLessThan(1);
  });

  it('differs for seeds that differ in any part of 53 bits, or in sign', () => {
    const seeds = [0, 1, 2, -1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 40, 2 ** 53 - 1];
    expect(new Set(seeds.map((seed) => draw(seed, 1)[0])).size).toBe(seeds.length);
  });

  it('refuses a seed that is no number', () => {
    expect(() => new Random(Number.NaN)).toThrow(/seed must be a finite number, not NaN/);
  });
});
