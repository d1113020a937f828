/**
 * Initial weights, the same for every engine.
 *
 * - W_ih: uniform ±sqrt(6 / (I + H)) a gate [1].
 * - W_hh: an orthogonal H×H matrix a gate, so that at first a gradient neither grows nor fades on
 *   its way back through the matrix [2].
 * - Biases zero, but the LSTM's forget gate 1: it remembers until it has learnt to forget [3].
 * - Head zero: an untrained network predicts 0, which the forecaster reads as "as the simple
 *   forecast says".
 *
 * Where we differ: the orthogonal matrix comes from uniform, not normal, numbers. It needs only
 * + − × ÷ and sqrt, which IEEE 754 fixes to the last bit, and no logarithm, which it does not.
 *
 * [1] X. Glorot, Y. Bengio: Understanding the difficulty of training deep feedforward neural
 *     networks. 2010.
 * [2] A. Saxe, J. McClelland, S. Ganguli: Exact solutions to the nonlinear dynamics of learning in
 *     deep linear neural networks. 2014.
 * [3] F. Gers, J. Schmidhuber, F. Cummins: Learning to forget: continual prediction with LSTM. 2000.
 */
import type { NetworkShape } from './engine.ts';
import { GATES, weightLayout } from './layout.ts';
import { Random } from './random.ts';

const FORGET_GATE = 1;
const FORGET_BIAS = 1;
/** A drawn row this short, once made orthogonal, is mostly rounding: draw again. */
const ROW_NORM_MIN = 1e-3;
const DRAWS_MAX = 100;

/** In canonical order [P]; see layout.ts. */
export function initialWeights(shape: NetworkShape, seed: number): Float64Array {
  const layout = weightLayout(shape);
  const random = new Random(seed);
  const w = new Float64Array(layout.count);
  for (const layer of layout.layers) {
    const { inputs, hidden } = layer;
    const bound = Math.sqrt(6 / (inputs + hidden));
    for (let j = 0; j < layer.rows * inputs; j++) {
      w[layer.weightIh + j] = random.uniform(-bound, bound);
    }
    for (let gate = 0; gate < GATES[shape.cell]; gate++) {
      fillOrthogonal(w, layer.weightHh + gate * hidden * hidden, hidden, random);
    }
    if (shape.cell === 'lstm') {
      const at = layer.biasIh + FORGET_GATE * hidden;
      w.fill(FORGET_BIAS, at, at + hidden);
    }
  }
  return w;
}

/** Fills w[at..] with an orthogonal matrix [n][n], by Gram–Schmidt row after row. */
function fillOrthogonal(w: Float64Array, at: number, n: number, random: Random): void {
  for (let row = 0; row < n; row++) {
    for (let draw = 0; ; draw++) {
      if (draw === DRAWS_MAX) throw new Error('initial weights: no orthogonal matrix found');
      for (let k = 0; k < n; k++) w[at + row * n + k] = random.uniform(-1, 1);
      // Twice: the second pass removes what rounding left of the first.
      subtractProjections(w, at, n, row);
      if (normalise(w, at + row * n, n) < ROW_NORM_MIN) continue;
      subtractProjections(w, at, n, row);
      normalise(w, at + row * n, n);
      break;
    }
  }
}

/** Takes from row `row` its parts along the rows before it, which have norm 1. */
function subtractProjections(w: Float64Array, at: number, n: number, row: number): void {
  const v = at + row * n;
  for (let other = 0; other < row; other++) {
    const u = at + other * n;
    let dot = 0;
    for (let k = 0; k < n; k++) dot += w[u + k]! * w[v + k]!;
    for (let k = 0; k < n; k++) w[v + k]! -= dot * w[u + k]!;
  }
}

/** Scales a row to norm 1 and returns the norm it had. */
function normalise(w: Float64Array, at: number, n: number): number {
  let sum = 0;
  for (let k = 0; k < n; k++) sum += w[at + k]! * w[at + k]!;
  const norm = Math.sqrt(sum);
  if (norm > 0) for (let k = 0; k < n; k++) w[at + k]! /= norm;
  return norm;
}
