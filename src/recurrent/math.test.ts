import { describe, expect, it } from 'vitest';
import { readKernel } from '../daemon/kernel-file.ts';
import { WasmEngine } from './wasm.ts';

const { kernel, memory } = new WasmEngine(readKernel());
const COUNT = 1 << 16;
const AT = memory.take(COUNT * 4);
const FUNCTIONS = ['tanh', 'sigmoid', 'exp'] as const;

function apply(what: (typeof FUNCTIONS)[number], values: Float32Array): Float32Array {
  memory.f32.set(values, AT / 4);
  kernel.applyMath(FUNCTIONS.indexOf(what), AT, values.length);
  return memory.f32.slice(AT / 4, AT / 4 + values.length);
}

/** Every `step`th float32 of either sign with low ≤ |x| < high. */
function* floats(low: number, high: number, step: number): Generator<Float32Array> {
  const [from, end] = new Uint32Array(Float32Array.of(low, high).buffer);
  const bits = new Uint32Array(COUNT);
  let length = 0;
  for (const sign of [0, 0x80000000]) {
    for (let b = from!; b < end!; b += step) {
      bits[length++] = sign + b;
      if (length < COUNT) continue;
      yield new Float32Array(bits.buffer);
      length = 0;
    }
  }
  yield new Float32Array(bits.buffer);
}

const everyFloat = (low: number, high: number): Generator<Float32Array> => floats(low, high, 1);
const allSizes = (step: number): Generator<Float32Array> =>
  floats(0, Number.POSITIVE_INFINITY, step);

/** Evenly spaced values from low to high. */
function* between(low: number, high: number, count: number): Generator<Float32Array> {
  for (let from = 0; from < count; from += COUNT) {
    const step = (high - low) / count;
    yield new Float32Array(COUNT).map((_, j) => low + (from + j) * step);
  }
}

function largestError(
  what: (typeof FUNCTIONS)[number],
  values: Iterable<Float32Array>,
  exact: (x: number) => number,
  relative: boolean,
): number {
  let worst = 0;
  for (const x of values) {
    const y = apply(what, x);
    for (let j = 0; j < x.length; j++) {
      const wanted = exact(x[j]!);
      const error = Math.abs(y[j]! - wanted) / (relative ? Math.abs(wanted) || 1 : 1);
      if (Number.isNaN(error)) return error;
      worst = Math.max(worst, error);
    }
  }
  return worst;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

describe('vector functions: largest errors', () => {
  it('tanh: 4e-7 relative, for every size of argument', () => {
    expect(largestError('tanh', allSizes(3001), Math.tanh, true)).toBeLessThan(4e-7);
    expect(largestError('tanh', between(-9, 9, 1 << 20), Math.tanh, true)).toBeLessThan(4e-7);
  });

  it('sigmoid: 2.2e-7 absolute', () => {
    expect(largestError('sigmoid', allSizes(3001), sigmoid, false)).toBeLessThan(2.2e-7);
    expect(largestError('sigmoid', between(-18, 18, 1 << 20), sigmoid, false)).toBeLessThan(2.2e-7);
  });

  it('exp: 1.5e-7 relative from -87 to 88', () => {
    expect(largestError('exp', between(-87, 88, 1 << 20), Math.exp, true)).toBeLessThan(1.5e-7);
  });
});

describe('vector functions: limits', () => {
  const bounds = (values: Iterable<Float32Array>, what: 'tanh' | 'sigmoid'): [number, number] => {
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (const x of values) {
      for (const y of apply(what, x)) {
        if (y < low) low = y;
        if (y > high) high = y;
      }
    }
    return [low, high];
  };

  it('tanh stays within ±1 and sigmoid within 0 and 1', () => {
    // All float32 of the binades where they come near their limits, and a sweep of the others.
    for (const values of [() => everyFloat(4, 16), () => allSizes(3001)]) {
      const [low, high] = bounds(values(), 'tanh');
      expect(low).toBeGreaterThanOrEqual(-1);
      expect(high).toBeLessThanOrEqual(1);
    }
    for (const values of [() => everyFloat(8, 32), () => allSizes(3001)]) {
      const [low, high] = bounds(values(), 'sigmoid');
      expect(low).toBeGreaterThanOrEqual(0);
      expect(high).toBeLessThanOrEqual(1);
    }
  });

  it('tanh is odd, and so is sigmoid about one half', () => {
    const x = Float32Array.from({ length: 400 }, (_, j) => j * 0.03);
    const minus = x.map((value) => -value);
    expect(apply('tanh', minus)).toEqual(apply('tanh', x).map((y) => -y));
    expect(apply('sigmoid', Float32Array.of(0, 0, -0, -0))).toEqual(new Float32Array(4).fill(0.5));
  });

  it('a NaN stays one; infinities are limits', () => {
    const x = Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0);
    const limits = Float32Array.of(Number.NaN, 8, -8, 0);
    expect(apply('tanh', x)).toEqual(apply('tanh', limits));
    expect(apply('sigmoid', x)).toEqual(
      apply(
        'sigmoid',
        limits.map((value) => 2 * value),
      ),
    );
    expect([...apply('tanh', x)].map(Number.isNaN)).toEqual([true, false, false, false]);
    expect([...apply('sigmoid', x)].map(Number.isNaN)).toEqual([true, false, false, false]);
    expect(apply('exp', x)[0]).toBeNaN();
    expect(apply('exp', x)[3]).toBe(1);
  });
});
