import { describe, expect, it } from 'vitest';
import { autoregression, Random, randomWalk, sine } from '../../test/support/streams.ts';
import { autocorrelation } from './autocorrelation.ts';
import { findSeasons } from './season-finder.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('autocorrelation', () => {
  it('is what the sums give', () => {
    const random = new Random(1);
    const y = Float64Array.from({ length: 21 }, () => random.normal());
    const rho = autocorrelation(y);
    const mean = (lag: number) => {
      let sum = 0;
      for (let i = lag; i < y.length; i++) sum += y[i]! * y[i - lag]!;
      return sum / (y.length - lag);
    };
    expect(rho.length).toBe(11);
    for (const [lag, value] of rho.entries()) expect(value).toBeCloseTo(mean(lag) / mean(0), 10);
    expect([...autocorrelation(new Float64Array(4))]).toEqual([0, 0, 0]);
  });
});

describe('findSeasons', () => {
  it.each([1, 2, 3, 4])('finds none where there is none (seed %i)', (seed) => {
    for (const steps of [24, 100, 1_000, 4_096]) {
      expect(findSeasons(randomWalk(steps, seed), HOUR)).toEqual([]);
      expect(findSeasons(autoregression(steps, 0, seed), HOUR)).toEqual([]);
      expect(findSeasons(autoregression(steps, 0.9, seed), HOUR)).toEqual([]);
    }
    expect(findSeasons(new Float64Array(500).fill(7), HOUR)).toEqual([]);
    expect(findSeasons(new Float64Array(0), HOUR)).toEqual([]);
  });

  it.each([
    [37, 1],
    [37, 8],
    [24, 3],
    [13, 8],
  ])('finds a sine of %i steps in noise of %i, not a multiple', (period, noise) => {
    expect(findSeasons(sine(1_600, period, noise, 5), HOUR)).toEqual([period]);
  });

  it('finds a day of five-minute steps, under a trend', () => {
    const values = sine(4_096, 288, 3, 6).map((value, i) => value + i / 50);
    expect(findSeasons(values, HOUR / 12)).toEqual([288]);
  });

  it('finds the year of a monthly series of few years', () => {
    const random = new Random(7);
    const values = Float64Array.from({ length: 48 }, (_, i) => {
      const angle = (2 * Math.PI * i) / 12;
      const shape = Math.sin(angle) + 0.6 * Math.cos(2 * angle);
      return (100 + 2 * i) * (1 + 0.3 * shape) + random.normal();
    });
    expect(findSeasons(values, 30.4375 * DAY)).toEqual([12]);
  });

  it('finds a week beside a day where weekends differ', () => {
    const random = new Random(8);
    const values = Float64Array.from({ length: 2_000 }, (_, i) => {
      const workday = Math.floor(i / 24) % 7 < 5 ? 1 : 0.2;
      return 10 * workday * Math.sin((2 * Math.PI * i) / 24) + 6 * workday + random.normal();
    });
    expect(findSeasons(values, HOUR)).toEqual([24, 168]);
  });

  it('finds a season that wanders with a random walk', () => {
    const walk = randomWalk(2_000, 9);
    const values = walk.map((value, i) => value + 6 * Math.sin((2 * Math.PI * i) / 24));
    expect(findSeasons(values, HOUR)).toEqual([24]);
  });
});
