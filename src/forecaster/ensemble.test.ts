import { describe, expect, it } from 'vitest';
import { Random } from '../../test/support/streams.ts';
import { Ensemble } from './ensemble.ts';

/** Feeds rounds of [expert forecasts] and truth; returns the mixes. */
function play(
  ensemble: Ensemble,
  rounds: number,
  round: (i: number) => { forecasts: number[]; actual: number },
  scale = 1,
): { errors: number[]; expertErrors: number[][] } {
  const errors: number[] = [];
  const expertErrors: number[][] = [];
  for (let i = 0; i < rounds; i++) {
    const { forecasts, actual } = round(i);
    const values = Float64Array.from(forecasts);
    const mix = ensemble.mix(0, values, 0);
    ensemble.learn(0, values, 0, mix, actual, scale);
    errors.push((mix - actual) ** 2);
    expertErrors.push(forecasts.map((f) => (f - actual) ** 2));
  }
  return { errors, expertErrors };
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

describe('Ensemble', () => {
  it('starts at the simplest expert', () => {
    const ensemble = new Ensemble(2, 3);
    expect(ensemble.mix(1, Float64Array.of(0, 0, 5, 7, 9), 2)).toBe(5);
    expect([0, 1, 2].map((k) => ensemble.weight(1, k))).toEqual([1, 0, 0]);
  });

  it('gives the weight to the expert that is right', () => {
    const ensemble = new Ensemble(1, 3);
    const random = new Random(1);
    play(ensemble, 300, () => {
      const actual = random.normal();
      return { forecasts: [0, actual + 2, actual + 0.1 * random.normal()], actual };
    });
    expect(ensemble.weight(0, 2)).toBeGreaterThan(0.9);
  });

  it('mixes below the best where errors of two experts differ', () => {
    const ensemble = new Ensemble(1, 2);
    const random = new Random(2);
    const { errors, expertErrors } = play(ensemble, 4_000, () => {
      return { forecasts: [random.normal(), random.normal()], actual: 0 };
    });
    const best = Math.min(...[0, 1].map((k) => sum(expertErrors.map((e) => e[k]!))));
    expect(sum(errors)).toBeLessThan(0.6 * best);
  });

  it('follows a change of the best expert', () => {
    const ensemble = new Ensemble(1, 2);
    const random = new Random(3);
    const round = (right: number) => () => {
      const actual = random.normal();
      const forecasts = [0, 0];
      forecasts[right] = actual + 0.1 * random.normal();
      return { forecasts, actual };
    };
    play(ensemble, 20_000, round(0));
    expect(ensemble.weight(0, 0)).toBeGreaterThan(0.95);
    play(ensemble, 3_000, round(1));
    expect(ensemble.weight(0, 1)).toBeGreaterThan(0.9);
  });

  it('follows a change sooner when it is told of it', () => {
    const told = new Ensemble(1, 3);
    const untold = new Ensemble(1, 3);
    const lose = [told, untold].map((ensemble, i) => {
      const random = new Random(4);
      const round = (right: number) => () => {
        const actual = random.normal();
        const forecasts = [0, 1, 2].map((k) => (k === right ? actual : actual + random.normal()));
        return { forecasts, actual };
      };
      play(ensemble, 1000, round(1));
      if (i === 0) ensemble.quicken(1);
      return sum(play(ensemble, 300, round(2)).errors);
    });
    expect(lose[0]).toBeLessThan(0.7 * lose[1]!);
  });

  it('gives a silent expert no weight, and what it says later is heard', () => {
    const ensemble = new Ensemble(1, 2);
    const random = new Random(4);
    const good = () => {
      const actual = random.normal();
      return { forecasts: [0, actual], actual };
    };
    play(ensemble, 200, good);
    const heard = ensemble.weight(0, 1);
    expect(heard).toBeGreaterThan(0.9);
    expect(ensemble.mix(0, Float64Array.of(4, Number.NaN), 0)).toBe(4);
    expect(ensemble.weight(0, 1)).toBe(0);
    play(ensemble, 100, () => ({ forecasts: [1, Number.NaN], actual: random.normal() }));
    play(ensemble, 1, good);
    expect(ensemble.weight(0, 1)).toBeGreaterThan(0.9);
  });

  it('agreeing experts give exactly what they agree on', () => {
    const ensemble = new Ensemble(1, 3);
    const random = new Random(5);
    play(ensemble, 100, () => {
      const actual = random.normal();
      return { forecasts: [0, 0.3 * actual, 0.5 * actual], actual };
    });
    expect(ensemble.mix(0, Float64Array.of(0.1, 0.1, 0.1), 0)).toBe(0.1);
  });

  it('stays finite and convex through jumps, zero scales and huge units', () => {
    const ensemble = new Ensemble(1, 2);
    const random = new Random(6);
    const wild = [0, 1e100, -1e100, 1e-100, 1];
    for (const scale of [0, 1e-300, 1, 1e100]) {
      for (let i = 0; i < 500; i++) {
        const values = Float64Array.of(wild[i % 5]!, wild[(i * 3 + 1) % 5]!);
        const mix = ensemble.mix(0, values, 0);
        expect(mix).toBeGreaterThanOrEqual(Math.min(...values));
        expect(mix).toBeLessThanOrEqual(Math.max(...values));
        ensemble.learn(0, values, 0, mix, wild[i % 4]! * random.uniform(), scale);
      }
    }
  });
});
