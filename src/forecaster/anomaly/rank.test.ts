import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from '../../store/bytes.ts';
import { Rank } from './rank.ts';

describe('Rank', () => {
  it('is −ln of the share of the past that is as large, over the logarithm of its length', () => {
    const rank = new Rank(256, 0);
    for (let i = 0; i < 98; i++) rank.add(1);
    rank.add(4);
    expect(rank.add(2)).toBeCloseTo(Math.log(100 / 2) / Math.log(101), 12);
    expect(rank.add(8)).toBeCloseTo(Math.log(101 / 1) / Math.log(102), 12);
    expect(rank.add(0.5)).toBe(0);
  });

  it('gives 0 to zeros, whatever came before, and little to the first that is not', () => {
    const rank = new Rank(256, 300);
    expect(rank.add(0)).toBe(0);
    expect(rank.add(1)).toBeLessThan(0.15);
    expect(rank.add(0)).toBe(0);
  });

  it('takes sizes beyond its bins as their outermost', () => {
    const rank = new Rank(256, 0);
    rank.add(1);
    for (const size of [1e300, 1e-300, Number.POSITIVE_INFINITY]) {
      const value = rank.add(size);
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThan(1);
    }
    expect(rank.add(1e200)).toBeGreaterThan(0);
  });

  it('continues after load', () => {
    const one = new Rank(256, 10);
    for (let i = 0; i < 50; i++) one.add(i % 7);
    const out = new ByteWriter();
    one.save(out);
    const other = new Rank(256, 10);
    other.load(new ByteReader(out.finish()));
    expect(other.add(3)).toBe(one.add(3));
    expect(() => new Rank(128, 10).load(new ByteReader(saved(one)))).toThrow(/saved ranks/);
  });
});

function saved(rank: Rank): Uint8Array {
  const out = new ByteWriter();
  rank.save(out);
  return out.finish();
}
