import { describe, expect, it } from 'vitest';
import { Random } from '../../../test/support/streams.ts';
import { ByteReader, ByteWriter } from '../../store/bytes.ts';
import { RecursiveLeastSquares } from './rls.ts';

function create(regressors: number, horizon: number, forgetting = 0.999) {
  return new RecursiveLeastSquares({ regressors, horizon, forgetting, initialVariance: 100 });
}

/** Ordinary least squares with an initial ridge, weights λ^age, by Gaussian elimination. */
function leastSquares(rows: number[][], y: number[], forgetting: number, ridge: number): number[] {
  const d = rows[0]!.length;
  const a = Array.from({ length: d }, (_, i) =>
    Array.from({ length: d + 1 }, (_, j) => (i === j ? ridge * forgetting ** rows.length : 0)),
  );
  for (const [t, row] of rows.entries()) {
    const weight = forgetting ** (rows.length - 1 - t);
    for (let i = 0; i < d; i++) {
      for (let j = 0; j < d; j++) a[i]![j]! += weight * row[i]! * row[j]!;
      a[i]![d]! += weight * row[i]! * y[t]!;
    }
  }
  for (let i = 0; i < d; i++) {
    for (let k = 0; k < d; k++) {
      if (k === i) continue;
      const factor = a[k]![i]! / a[i]![i]!;
      for (let j = i; j <= d; j++) a[k]![j]! -= factor * a[i]![j]!;
    }
  }
  return a.map((row, i) => row[d]! / row[i]!);
}

describe('RecursiveLeastSquares', () => {
  it('is weighted least squares when targets come at once', () => {
    const random = new Random(1);
    const rls = create(7, 1, 0.98);
    const rows: number[][] = [];
    const y: number[] = [];
    for (let t = 0; t < 120; t++) {
      const row = Array.from({ length: 7 }, () => random.normal());
      const target = row[0]! - 2 * row[3]! + 0.5 * random.normal();
      rows.push(row);
      y.push(target);
      rls.issue(Float64Array.from(row), 0);
      rls.learn(1, target);
    }
    const expected = leastSquares(rows, y, 0.98, 1 / 100);
    const out = new Float64Array(1);
    for (let i = 0; i < 7; i++) {
      rls.predict(
        Float64Array.from({ length: 7 }, (_, j) => (i === j ? 1 : 0)),
        out,
      );
      expect(out[0]).toBeCloseTo(expected[i]!, 6);
    }
  });

  it('thinned, is weighted least squares over every fourth row', () => {
    const random = new Random(1);
    const rls = create(3, 5, 0.98);
    rls.thin(4);
    const rows: number[][] = [];
    const told: number[][] = [];
    const value = (row: number[]): number => row[0]! - 2 * row[2]!;
    for (let t = 0; t < 200; t++) {
      const row = Array.from({ length: 3 }, () => random.normal());
      const learns = rls.issue(Float64Array.from(row), 0);
      expect(learns).toBe(t % 4 === 3);
      told.push(learns ? row : []);
      if (learns) rows.push(row);
      // The target of lead h belongs to the row of h − 1 steps ago.
      const targets = Float64Array.from({ length: 5 }, (_, i) => {
        const issued = told[t - i];
        return issued && issued.length > 0 ? value(issued) : Number.NaN;
      });
      rls.learnAll(targets);
    }
    const expected = leastSquares(rows, rows.map(value), 0.98, 1 / 100);
    const out = new Float64Array(5);
    for (let i = 0; i < 3; i++) {
      rls.predict(
        Float64Array.from({ length: 3 }, (_, j) => (i === j ? 1 : 0)),
        out,
      );
      expect(out[0]).toBeCloseTo(expected[i]!, 5);
      for (const lead of out) expect(lead).toBeCloseTo(expected[i]!, 1);
    }
    expect(rls.resets).toBe(0);
  });

  it('learns every lead from its own delayed target', () => {
    const random = new Random(2);
    const rls = create(2, 3);
    const inputs: number[] = [];
    const out = new Float64Array(3);
    for (let t = 0; t < 600; t++) {
      // The target of lead h is (h + 1) × the input of h steps before.
      for (let lead = 1; lead <= Math.min(3, t); lead++) {
        rls.learn(lead, (lead + 1) * inputs[t - lead]!);
      }
      const x = random.normal();
      inputs.push(x);
      rls.issue(Float64Array.of(1, x), 0);
    }
    rls.predict(Float64Array.of(0, 1), out);
    expect([...out].map((w) => Math.round(w * 1e4) / 1e4)).toEqual([2, 3, 4]);
  });

  it.each([
    ['a constant', () => [1, 0, 0, 0]],
    ['nothing', () => [0, 0, 0, 0]],
    ['collinear', (t: number) => [1, Math.sin(t), 2 * Math.sin(t), 1]],
    ['tiny', (t: number) => [1, 1e-9 * Math.sin(t), 1e-12, 0]],
    ['at the bound', (t: number) => [1, t % 2 ? 10 : -10, 10, -10]],
  ])('stays bounded over many steps of %s', (_, regressors) => {
    const rls = create(4, 2, 0.99);
    const out = new Float64Array(2);
    for (let t = 0; t < 50_000; t++) {
      if (t >= 1) rls.learn(1, Math.cos(t));
      if (t >= 2) rls.learn(2, Math.sin(t));
      rls.issue(Float64Array.from(regressors(t)), 1);
    }
    rls.predict(Float64Array.of(1, 1, 1, 1), out);
    expect(rls.variance).toBeGreaterThan(0);
    expect(rls.variance).toBeLessThan(110);
    expect(out.every((w) => Math.abs(w) < 100)).toBe(true);
  });

  it('begins the covariance anew rather than pass on what is no number', () => {
    const rls = create(2, 1);
    rls.issue(Float64Array.of(1, Number.NaN), 0);
    rls.learn(1, 1);
    expect(rls.resets).toBe(1);
    const out = new Float64Array(1);
    for (let t = 0; t < 50; t++) {
      rls.issue(Float64Array.of(1, t % 2), 0);
      rls.learn(1, 3);
    }
    rls.predict(Float64Array.of(1, 0), out);
    expect(out[0]).toBeCloseTo(3, 2);
  });

  it('continues identically after load', () => {
    const random = new Random(3);
    const feed = (rls: RecursiveLeastSquares, values: readonly number[], from: number) => {
      const out = new Float64Array(4);
      const said: number[] = [];
      for (let t = from; t < from + 40; t++) {
        for (let lead = 1; lead <= Math.min(4, t); lead++) rls.learn(lead, values[t]!);
        rls.issue(Float64Array.of(1, values[t]!, values[t - 1] ?? 0), 2);
        rls.predict(Float64Array.of(1, values[t]!, 0), out);
        said.push(...out);
      }
      return said;
    };
    const values = Array.from({ length: 80 }, () => random.normal());
    const a = create(3, 4);
    feed(a, values, 0);
    const writer = new ByteWriter();
    a.save(writer);
    const b = create(3, 4);
    b.load(new ByteReader(writer.finish()));
    expect(feed(b, values, 40)).toEqual(feed(a, values, 40));
  });
});
