import { describe, expect, it } from 'vitest';
import { Random } from '../../test/support/streams.ts';
import { ByteReader, ByteWriter } from '../store/bytes.ts';
import { clamp, MeanSize, Scaler } from './scaler.ts';

function fed(values: Iterable<number>): Scaler {
  const scaler = new Scaler(1_000);
  for (const value of values) scaler.add(value);
  return scaler;
}

function gaussian(steps: number, unit: number, seed: number): number[] {
  const random = new Random(seed);
  return Array.from({ length: steps }, () => unit * (5 + random.normal()));
}

describe('Scaler', () => {
  it.each([1e-12, 1, 1e12, 1e100])('finds level and spread in units of %d', (unit) => {
    const scaler = fed(gaussian(1_000, unit, 1));
    expect(scaler.center / unit).toBeCloseTo(5, 0);
    expect(scaler.scale / unit).toBeGreaterThan(0.85);
    expect(scaler.scale / unit).toBeLessThan(1.15);
    expect(scaler.scaled(6 * unit, 5)).toBeCloseTo(1, 0);
  });

  it('is not fooled by an outlier among the first values', () => {
    const values = gaussian(20, 1, 2);
    values[7] = 1e6;
    const scaler = fed(values);
    expect(scaler.scale).toBeLessThan(2);
    expect(Math.abs(scaler.center - 5)).toBeLessThan(1);
  });

  it('gives 0 for constant input, and a bounded number for the first value that differs', () => {
    const scaler = fed(Array.from({ length: 100 }, () => 7));
    expect(scaler.scale).toBe(0);
    expect(scaler.scaled(7, 5)).toBe(0);
    expect(scaler.scaled(7.001, 5)).toBe(5);
    expect(scaler.scaled(-1e100, 5)).toBe(-5);
  });

  it('keeps some scale where most values are equal', () => {
    expect(fed([0, 0, 0, 0, 0, 0, 4, 0, 0, 0]).scale).toBeGreaterThan(0);
  });

  it('one jump moves it little, a lasting one soon sets the new level', () => {
    const scaler = fed(gaussian(500, 1, 3));
    scaler.add(1e6);
    expect(scaler.center).toBeLessThan(6);
    expect(scaler.scale).toBeLessThan(1.5);
    for (const value of gaussian(20, 1, 4)) scaler.add(1e6 + value);
    expect(scaler.center).toBeGreaterThan(1e6);
    expect(scaler.scale).toBeLessThan(3);
  });

  it('continues identically after load', () => {
    const values = gaussian(60, 1, 5);
    const scaler = fed(values.slice(0, 40));
    const out = new ByteWriter();
    scaler.save(out);
    const loaded = new Scaler(1_000);
    loaded.load(new ByteReader(out.finish()));
    for (const each of [scaler, loaded]) for (const value of values.slice(40)) each.add(value);
    expect([loaded.center, loaded.scale]).toEqual([scaler.center, scaler.scale]);
  });
});

describe('MeanSize', () => {
  it('is the mean at first', () => {
    const size = new MeanSize(2, 100);
    for (const value of [1, -2, 3]) size.add(1, value);
    expect(size.mean(1)).toBeCloseTo(2, 12);
    expect([size.count(1), size.count(0), size.mean(0)]).toEqual([3, 0, 0]);
  });

  it('bounds the influence of an outlier', () => {
    const size = new MeanSize(1, 100);
    for (let i = 0; i < 100; i++) size.add(0, 1);
    size.add(0, 1e100);
    expect(size.mean(0)).toBeLessThan(1.3);
  });

  it('comes up again after a constant stretch', () => {
    const size = new MeanSize(1, 100);
    for (let i = 0; i < 200; i++) size.add(0, 0);
    for (let i = 0; i < 100; i++) size.add(0, 1);
    expect(size.mean(0)).toBeGreaterThan(0.5);
  });
});

describe('clamp', () => {
  it('bounds both sides and lets NaN be seen', () => {
    expect([clamp(9, 2), clamp(-9, 2), clamp(1, 2)]).toEqual([2, -2, 1]);
    expect(clamp(Number.POSITIVE_INFINITY, 2)).toBe(2);
    expect(clamp(Number.NaN, 2)).toBeNaN();
  });
});
