import { expect, it } from 'vitest';
import { weightLayout } from './layout.ts';
import { readWeights, shapeText, writeWeights } from './weights-file.ts';

const shape = { cell: 'gru', inputs: 3, hidden: 5, layers: 2, outputs: 2 } as const;
const weights = new Float64Array(weightLayout(shape).count).map((_, j) => Math.sin(j));

it('gives back what was written, also from within a larger buffer', () => {
  const bytes = writeWeights({ shape, weights });
  expect(readWeights(bytes)).toEqual({ shape, weights });
  const larger = new Uint8Array(bytes.length + 3);
  larger.set(bytes, 3);
  expect(readWeights(larger.subarray(3))).toEqual({ shape, weights });
  expect(shapeText(shape)).toBe('gru, inputs 3, hidden 5, layers 2, outputs 2');
});

it('refuses what is not a weights file, or damaged', () => {
  const bytes = writeWeights({ shape, weights });
  const changed = (at: number, value: number): Uint8Array => {
    const copy = bytes.slice();
    new DataView(copy.buffer).setUint32(at, value, true);
    return copy;
  };
  expect(() => readWeights(new Uint8Array(3))).toThrow(/is not a weights file; make one with/);
  expect(() => readWeights(changed(0, 1))).toThrow(/is not a weights file/);
  expect(() => readWeights(changed(4, 9))).toThrow(/has version 9; this program reads 1/);
  expect(() => readWeights(changed(8, 9))).toThrow(/no known cell/);
  expect(() => readWeights(changed(12, 0))).toThrow(/inputs must be a whole number/);
  expect(() => readWeights(changed(12, 4))).toThrow(/bytes, but gru, inputs 4, .* needs/);
  expect(() => readWeights(bytes.slice(0, -1))).toThrow(/is damaged/);
  expect(() => readWeights(bytes.slice().fill(0xff, bytes.length - 8))).toThrow(/is NaN/);
});
