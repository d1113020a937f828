import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from './bytes.ts';

describe('bytes', () => {
  it('reads back what was written, in order', () => {
    const values = Float64Array.of(1, Number.NaN, -0, 1e-320, 1e100);
    const bytes = new ByteWriter()
      .number(7)
      .numbers(values)
      .text('Größe')
      .bytes(Uint8Array.of(1, 2))
      .finish();
    const from = new ByteReader(bytes);
    expect(from.number()).toBe(7);
    const read = new Float64Array(5);
    from.numbers(read, 'values');
    expect(read).toEqual(values);
    expect(from.text()).toBe('Größe');
    expect(from.bytes()).toEqual(Uint8Array.of(1, 2));
    expect(() => from.end()).not.toThrow();
  });

  it('grows past its first buffer', () => {
    const values = Float64Array.from({ length: 5_000 }, (_, i) => i);
    const from = new ByteReader(new ByteWriter().number(1).numbers(values).finish());
    from.number();
    const read = new Float64Array(5_000);
    from.numbers(read, 'values');
    expect(read[4_999]).toBe(4_999);
  });

  it('reads a view into a larger buffer', () => {
    const bytes = new ByteWriter().number(3).finish();
    const larger = new Uint8Array(20);
    larger.set(bytes, 5);
    expect(new ByteReader(larger.subarray(5, 13)).number()).toBe(3);
  });

  it('refuses short, long and differently sized input, and says so', () => {
    const bytes = new ByteWriter().numbers(new Float64Array(3)).finish();
    const read = new Float64Array(3);
    expect(() => new ByteReader(bytes.slice(0, 20)).numbers(read, 'x')).toThrow(/ends at byte 20/);
    expect(() => new ByteReader(bytes).numbers(new Float64Array(2), 'regret')).toThrow(
      /saved regret: 3 values, but these settings need 2/,
    );
    const from = new ByteReader(bytes);
    from.number();
    expect(() => from.end()).toThrow(/24 bytes more/);
    const negative = new ByteWriter().number(-1).finish();
    expect(() => new ByteReader(negative).bytes()).toThrow(/-1 more/);
  });
});
