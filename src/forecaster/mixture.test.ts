import { describe, expect, it } from 'vitest';
import { Random } from '../../test/support/streams.ts';
import { ByteReader, ByteWriter } from '../store/bytes.ts';
import { Credible } from './credible.ts';
import { Mixture } from './mixture.ts';
import { Stack } from './stack.ts';

interface Round {
  readonly forecasts: readonly number[];
  readonly actual: number;
}

/** Mean squared error of the mixture over the second half. */
function play(mixture: Mixture, rounds: number, round: (i: number) => Round): number {
  let squared = 0;
  for (let i = 0; i < rounds; i++) {
    const { forecasts, actual } = round(i);
    const row = Float64Array.of(...forecasts, ...new Array(mixture.lanes).fill(0));
    const said = mixture.mix(0, row, 0);
    if (i >= rounds / 2) squared += (said - actual) ** 2;
    mixture.learn(0, row, 0, actual);
  }
  return squared / (rounds / 2);
}

describe('Mixture', () => {
  it('starts at the naive forecast', () => {
    const mixture = new Mixture({ horizon: 1, experts: 3, memorySteps: 5_000, seasonal: [] });
    const row = Float64Array.of(5, 7, 9, ...new Array(mixture.lanes).fill(0));
    expect(mixture.mix(0, row, 0)).toBe(5);
  });

  it('stays at the naive forecast when others say but noise', () => {
    const random = new Random(1);
    let last = 0;
    const naive: number[] = [];
    const error = play(
      new Mixture({ horizon: 1, experts: 4, memorySteps: 5_000, seasonal: [] }),
      4_000,
      (i) => {
        const forecasts = [last, ...[1, 2, 3].map(() => last + 0.3 * random.normal())];
        const actual = last + random.normal();
        if (i >= 2_000) naive.push((actual - last) ** 2);
        last = actual;
        return { forecasts, actual };
      },
    );
    expect(error).toBeLessThan((1.003 * naive.reduce((a, b) => a + b, 0)) / naive.length);
  });

  it('subtracts what experts have in common, as weights alone cannot', () => {
    const random = new Random(2);
    const error = play(
      new Mixture({ horizon: 1, experts: 3, memorySteps: 5_000, seasonal: [] }),
      4_000,
      () => {
        const actual = random.normal();
        const common = random.normal();
        const forecasts = [0, actual + common, common + 0.1 * random.normal() - 0.5 * actual];
        return { forecasts, actual };
      },
    );
    // The best convex mix errs by more than .5.
    expect(error).toBeLessThan(0.3);
  });

  it('hears an expert again after silence', () => {
    const random = new Random(3);
    const mixture = new Mixture({ horizon: 1, experts: 2, memorySteps: 5_000, seasonal: [] });
    const error = play(mixture, 3_000, (i) => {
      const actual = random.normal();
      return { forecasts: [0, i % 3 === 0 ? Number.NaN : actual], actual };
    });
    expect(error).toBeLessThan(0.45);
    expect(mixture.weight(0, 0) + mixture.weight(0, 1)).toBeCloseTo(1, 12);
  });

  it('continues identically after load', () => {
    const random = new Random(4);
    const round = () => {
      const actual = random.normal();
      return { forecasts: [0, actual + random.normal(), random.normal()], actual };
    };
    const rounds = Array.from({ length: 400 }, round);
    const a = new Mixture({ horizon: 1, experts: 3, memorySteps: 5_000, seasonal: [] });
    play(a, 300, (i) => rounds[i]!);
    const writer = new ByteWriter();
    a.save(writer);
    const b = new Mixture({ horizon: 1, experts: 3, memorySteps: 5_000, seasonal: [] });
    b.load(new ByteReader(writer.finish()));
    const rest = (mixture: Mixture) => play(mixture, 100, (i) => rounds[300 + i]!);
    expect(rest(b)).toBe(rest(a));
  });
});

describe('Stack', () => {
  it('is the mean of those that speak while nothing is learned', () => {
    const stack = new Stack(1, 3, 1_000);
    expect(stack.mix(0, Float64Array.of(1, Number.NaN, 4), 0, 1)).toBe(2.5);
    expect(stack.mix(0, Float64Array.of(1, 2, 3), 0, 0)).toBe(2);
  });
});

describe('Credible', () => {
  it('takes the range and one range beyond', () => {
    const credible = new Credible();
    expect(credible.has(1e9)).toBe(true);
    for (let i = 0; i < 100; i++) credible.add(i % 11);
    expect([-9, 0, 19].every((x) => credible.has(x))).toBe(true);
    expect([-11, 21].some((x) => credible.has(x))).toBe(false);
  });

  it('forgives rounding on a constant, and forgets an outlier', () => {
    const credible = new Credible();
    credible.add(1e6);
    expect(credible.has(1e6 + 1e-6)).toBe(true);
    expect(credible.has(1e6 + 1)).toBe(false);
    for (let i = 0; i < 200_000; i++) credible.add(i % 2);
    expect(credible.has(1e3)).toBe(false);
  });
});
