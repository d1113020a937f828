/**
 * The cells as functions of tensors, h and c explicit: what comes in is the state before the step,
 * what is returned the state after it. Backward is TensorFlow's automatic differentiation. The
 * equations and their letters are those of ../cells/; rows are samples, so a product is x Wᵀ.
 *
 * One update has batch size 1; the inputs' products of a whole window are one matrix product.
 */
import type { Cell, NetworkShape } from '../engine.ts';
import { weightLayout } from '../layout.ts';
import type { Tensor2D, Tf, Variable } from './tf.ts';

/** A layer's weights as matrices, views of the flat array. */
export interface Layer {
  /** [G·H][I] */
  readonly weightIh: Tensor2D;
  /** [G·H][H] */
  readonly weightHh: Tensor2D;
  /** [1][G·H] */
  readonly biasIh: Tensor2D;
  /** [1][G·H] */
  readonly biasHh: Tensor2D;
}

export interface Matrices {
  readonly layers: readonly Layer[];
  /** [O][H] */
  readonly headWeight: Tensor2D;
  /** [1][O] */
  readonly headBias: Tensor2D;
}

export interface State {
  /** [1][H] */
  readonly h: Tensor2D;
  /** [1][H]; LSTM only */
  readonly c?: Tensor2D;
}

/** ax = x W_ihᵀ + b_ih of the step [1][G·H], and the state before it. */
type Step = (tf: Tf, layer: Layer, ax: Tensor2D, state: State) => State;

/** Cuts the flat weights [P] into matrices; see layout.ts. */
export function matrices(tf: Tf, shape: NetworkShape, w: Variable): Matrices {
  const layout = weightLayout(shape);
  const part = (at: number, rows: number, cols: number): Tensor2D =>
    tf.reshape(tf.slice(w, at, rows * cols), [rows, cols]);
  return {
    layers: layout.layers.map(({ inputs, hidden, rows, ...at }) => ({
      weightIh: part(at.weightIh, rows, inputs),
      weightHh: part(at.weightHh, rows, hidden),
      biasIh: part(at.biasIh, 1, rows),
      biasHh: part(at.biasHh, 1, rows),
    })),
    headWeight: part(layout.headWeight, shape.outputs, shape.hidden),
    headBias: part(layout.headBias, 1, shape.outputs),
  };
}

/** x Wᵀ + b: x [T][cols], W [rows][cols], b [1][rows] → [T][rows]. */
export function affine(tf: Tf, x: Tensor2D, weight: Tensor2D, bias: Tensor2D): Tensor2D {
  return tf.add(tf.matMul(x, weight, false, true), bias);
}

function hiddenSide(tf: Tf, layer: Layer, h: Tensor2D): Tensor2D {
  return affine(tf, h, layer.weightHh, layer.biasHh);
}

function lstm(tf: Tf, layer: Layer, ax: Tensor2D, { h, c }: State): State {
  const a = tf.add(ax, hiddenSide(tf, layer, h));
  const [ai, af, ag, ao] = tf.split(a, 4, 1) as [Tensor2D, Tensor2D, Tensor2D, Tensor2D];
  const kept = tf.mul(tf.sigmoid(af), c!);
  const added = tf.mul(tf.sigmoid(ai), tf.tanh(ag));
  const cNew = tf.add<Tensor2D>(kept, added);
  return { h: tf.mul(tf.sigmoid(ao), tf.tanh(cNew)), c: cNew };
}

function gru(tf: Tf, layer: Layer, ax: Tensor2D, { h }: State): State {
  const [xr, xz, xn] = tf.split(ax, 3, 1) as [Tensor2D, Tensor2D, Tensor2D];
  const [hr, hz, q] = tf.split(hiddenSide(tf, layer, h), 3, 1) as [Tensor2D, Tensor2D, Tensor2D];
  const r = tf.sigmoid(tf.add(xr, hr));
  const z = tf.sigmoid(tf.add(xz, hz));
  const n = tf.tanh(tf.add(xn, tf.mul(r, q)));
  // (1 − z) n + z h'
  return { h: tf.add(n, tf.mul(z, tf.sub(h, n))) };
}

function rnnTanh(tf: Tf, layer: Layer, ax: Tensor2D, { h }: State): State {
  return { h: tf.tanh(tf.add(ax, hiddenSide(tf, layer, h))) };
}

function rnnRelu(tf: Tf, layer: Layer, ax: Tensor2D, { h }: State): State {
  return { h: tf.relu(tf.add(ax, hiddenSide(tf, layer, h))) };
}

export const STEPS: Readonly<Record<Cell, Step>> = {
  lstm,
  gru,
  rnn_tanh: rnnTanh,
  rnn_relu: rnnRelu,
};
