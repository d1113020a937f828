/**
 * The weights of a network as a file (`.ftw`), little-endian:
 *
 *     magic u32 | version u32 | cell, inputs, hidden, layers, outputs: u32 each | weights: float64s
 *
 * The weights lie in canonical order, see layout.ts.
 */
import { CELLS, checkShape, type WeightShape, weightLayout } from './layout.ts';

/** "FTWT" */
const MAGIC = 0x54575446;
const VERSION = 1;
const HEAD_BYTES = 7 * 4;
const SIZES = ['inputs', 'hidden', 'layers', 'outputs'] as const;

export interface NetworkWeights {
  readonly shape: WeightShape;
  /** In canonical order. */
  readonly weights: Float64Array;
}

export function writeWeights({ shape, weights }: NetworkWeights): Uint8Array {
  const view = new DataView(new ArrayBuffer(HEAD_BYTES + weights.length * 8));
  const head = [MAGIC, VERSION, CELLS.indexOf(shape.cell), ...SIZES.map((size) => shape[size])];
  for (const [i, value] of head.entries()) view.setUint32(i * 4, value, true);
  for (const [j, value] of weights.entries()) view.setFloat64(HEAD_BYTES + j * 8, value, true);
  return new Uint8Array(view.buffer);
}

/** @throws Error that says what is wrong with the bytes */
export function readWeights(bytes: Uint8Array): NetworkWeights {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEAD_BYTES || view.getUint32(0, true) !== MAGIC) {
    throw new Error('is not a weights file; make one with "foretide weights import"');
  }
  const version = view.getUint32(4, true);
  if (version !== VERSION) throw new Error(`has version ${version}; this program reads ${VERSION}`);
  const cell = CELLS[view.getUint32(8, true)];
  if (cell === undefined) throw new Error('is damaged: it names no known cell');
  const [inputs, hidden, layers, outputs] = SIZES.map((_, i) => view.getUint32(12 + i * 4, true));
  const shape = { cell, inputs: inputs!, hidden: hidden!, layers: layers!, outputs: outputs! };
  checkShape({ ...shape, windowSteps: 1 });
  const { count } = weightLayout(shape);
  if (bytes.length !== HEAD_BYTES + count * 8) {
    throw new Error(
      `is damaged: ${bytes.length} bytes, but ${shapeText(shape)} needs ${HEAD_BYTES + count * 8}`,
    );
  }
  const weights = new Float64Array(count);
  for (let j = 0; j < count; j++) weights[j] = view.getFloat64(HEAD_BYTES + j * 8, true);
  const bad = weights.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new Error(`is damaged: weight ${bad} is ${weights[bad]}`);
  return { shape, weights };
}

/** `lstm, inputs 4, hidden 16, layers 1, outputs 6` */
export function shapeText(shape: WeightShape): string {
  return [shape.cell, ...SIZES.map((size) => `${size} ${shape[size]}`)].join(', ');
}
