import { describe, expect, it } from 'vitest';
import { Random } from '../../test/support/streams.ts';
import { Intervals } from './interval.ts';

/** Feeds errors at lead 0; returns the share covered, block by block, and the last bounds. */
function play(intervals: Intervals, errors: readonly number[], block = 500) {
  const scales = new Float64Array(1);
  const covered: number[] = [];
  let lower = 0;
  let upper = 0;
  for (const [i, error] of errors.entries()) {
    intervals.scales(1, scales);
    lower = intervals.lower(0, 0, scales[0]!);
    upper = intervals.upper(0, 0, scales[0]!);
    const inside = lower <= error && error <= upper;
    intervals.add(0, error);
    intervals.learn(0, 0, error, scales[0]!, inside);
    const at = Math.floor(i / block);
    covered[at] = (covered[at] ?? 0) + (inside ? 1 / block : 0);
  }
  return { covered, lower, upper };
}

function noise(steps: number, seed: number, shape: (z: number, i: number) => number): number[] {
  const random = new Random(seed);
  return Array.from({ length: steps }, (_, i) => shape(random.normal(), i));
}

describe('Intervals', () => {
  it('hold the nominal share of Gaussian errors, and have about the right width', () => {
    const intervals = new Intervals(1, [0.9]);
    const { covered, lower, upper } = play(
      intervals,
      noise(5_000, 1, (z) => z),
    );
    for (const share of covered) expect(Math.abs(share - 0.9)).toBeLessThan(0.04);
    expect(upper - lower).toBeGreaterThan(2.6);
    expect(upper - lower).toBeLessThan(4.2);
    expect(intervals.coverage(0)).toBeCloseTo(0.9, 1);
  });

  it.each([0.5, 0.8, 0.99])('hold a share of %d as well', (coverage) => {
    const { covered } = play(
      new Intervals(1, [coverage]),
      noise(6_000, 2, (z) => z),
      3_000,
    );
    for (const share of covered) expect(Math.abs(share - coverage)).toBeLessThan(0.03);
  });

  it('keep it when the noise grows tenfold and shrinks again', () => {
    const errors = noise(6_000, 3, (z, i) => z * (i >= 2_000 && i < 4_000 ? 10 : 1));
    for (const share of play(new Intervals(1, [0.9]), errors, 1_000).covered) {
      expect(Math.abs(share - 0.9)).toBeLessThan(0.04);
    }
  });

  it('are skewed where the errors are', () => {
    const { lower, upper } = play(
      new Intervals(1, [0.9]),
      noise(5_000, 4, (z) => Math.exp(z)),
    );
    expect(upper).toBeGreaterThan(5 * Math.abs(lower));
  });

  it('are useful within the first twenty errors', () => {
    let inside = 0;
    for (let seed = 1; seed <= 50; seed++) {
      const intervals = new Intervals(1, [0.9]);
      inside +=
        play(
          intervals,
          noise(20, seed, (z) => 3 * z),
          20,
        ).covered[0]! / 50;
    }
    expect(inside).toBeGreaterThan(0.85);
    expect(inside).toBeLessThan(0.99);
  });

  it('guess the unknown leads from the known ones', () => {
    const intervals = new Intervals(4, [0.9]);
    const scales = new Float64Array(4);
    intervals.scales(7, scales);
    expect([...scales]).toEqual([7, 7, 7, 7]);
    for (let i = 0; i < 1_000; i++) intervals.add(0, i % 2 === 0 ? 1 : -1);
    intervals.scales(7, scales);
    expect(scales[3]! / scales[0]!).toBeCloseTo(2, 12);
  });

  it('stay finite and in order on zero, tiny and huge errors', () => {
    const intervals = new Intervals(1, [0.9]);
    const scales = new Float64Array(1);
    for (const size of [0, 1e-100, 1e100, 0, 1, 1e-300]) {
      for (let i = 0; i < 300; i++) {
        intervals.scales(0, scales);
        const lower = intervals.lower(0, 5, scales[0]!);
        const upper = intervals.upper(0, 5, scales[0]!);
        expect(lower).toBeLessThanOrEqual(5);
        expect(upper).toBeGreaterThanOrEqual(5);
        expect(Number.isFinite(lower) && Number.isFinite(upper)).toBe(true);
        const error = i % 2 === 0 ? size : -size;
        intervals.add(0, error);
        intervals.learn(0, 0, error, scales[0]!, 5 + error <= upper && 5 + error >= lower);
      }
    }
  });
});

it('holds several levels at once, each inside the wider one', () => {
  const levels = [0.95, 0.8, 0.5];
  const intervals = new Intervals(1, levels);
  const scales = new Float64Array(1);
  const inside = levels.map(() => 0);
  const errors = noise(6_000, 7, (z) => Math.exp(z) - 1);
  for (const error of errors) {
    intervals.scales(1, scales);
    intervals.add(0, error);
    let [outerLower, outerUpper] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (const level of levels.keys()) {
      const lower = intervals.lower(0, 0, scales[0]!, level);
      const upper = intervals.upper(0, 0, scales[0]!, level);
      expect(lower).toBeGreaterThanOrEqual(outerLower);
      expect(upper).toBeLessThanOrEqual(outerUpper);
      [outerLower, outerUpper] = [lower, upper];
      const covered = lower <= error && error <= upper;
      intervals.learn(0, level, error, scales[0]!, covered);
      inside[level]! += covered ? 1 / errors.length : 0;
    }
  }
  for (const [level, nominal] of levels.entries()) {
    expect(Math.abs(inside[level]! - nominal)).toBeLessThan(0.02);
    expect(Math.abs(intervals.coverage(0, level) - nominal)).toBeLessThan(0.04);
  }
});

it('does not take a few lucky hits for certainty while other leads err', () => {
  const intervals = new Intervals(2, [0.9]);
  const scales = new Float64Array(2);
  for (let i = 0; i < 5; i++) {
    intervals.scales(1, scales);
    intervals.add(0, i % 2 === 0 ? 2 : -2);
    intervals.add(1, 0);
  }
  intervals.scales(1, scales);
  expect(scales[1]).toBeGreaterThan(0.5);
  expect(intervals.upper(1, 10, scales[1]!)).toBeGreaterThan(10);
});
