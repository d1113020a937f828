/** A pass over T steps from a given state: predictions [T][O], and the masked loss of head.ts. */
import type { Loss, NetworkShape } from '../engine.ts';
import { affine, matrices, STEPS, type State } from './cells.ts';
import type { Scalar, Tensor, Tensor2D, Tf, Variable } from './tf.ts';

export interface Unrolled {
  /** [T][O] */
  readonly predictions: Tensor2D;
  /** After the last step, a layer each. */
  readonly states: readonly State[];
}

/**
 * @param w weights [P]
 * @param x inputs [T][I]
 * @param before h, c before the first step, a layer each
 * @param probe zeros [L][H], added to the last h of every layer: its gradient is that of h_last
 */
export function unroll(
  tf: Tf,
  shape: NetworkShape,
  w: Variable,
  x: Tensor2D,
  before: readonly State[],
  probe?: Tensor2D,
): Unrolled {
  const { layers, headWeight, headBias } = matrices(tf, shape, w);
  const steps = x.shape[0];
  const step = STEPS[shape.cell];
  const states: State[] = [];
  let below = x;
  for (const [l, layer] of layers.entries()) {
    const products = affine(tf, below, layer.weightIh, layer.biasIh);
    const rows = steps === 1 ? [products] : tf.split(products, steps);
    let state = before[l]!;
    const hs: Tensor2D[] = [];
    for (const [t, row] of rows.entries()) {
      state = step(tf, layer, row as Tensor2D, state);
      if (probe !== undefined && t === steps - 1) {
        state = { ...state, h: tf.add(state.h, tf.slice(probe, [l, 0], [1, shape.hidden])) };
      }
      hs.push(state.h);
    }
    states.push(state);
    below = hs.length === 1 ? hs[0]! : tf.concat(hs);
  }
  return { predictions: affine(tf, below, headWeight, headBias), states };
}

/**
 * Of squared, Huber and quantile losses the mean over the known targets; of softmax the mean
 * cross-entropy over the known groups of a step (all targets of a group are known, or none).
 * @param p predictions, y targets, mask (1 = known): all [T][O]; y is finite where the mask is 0
 * @param known how many the mask lets through
 */
export function maskedLoss(
  tf: Tf,
  loss: Loss,
  p: Tensor2D,
  y: Tensor2D,
  mask: Tensor2D,
  known: number,
): Scalar {
  if (loss.kind === 'softmax') {
    const size = p.shape[1] / (loss.groups ?? 1);
    const logP = tf.logSoftmax(tf.reshape(p, [-1, size]));
    const products = tf.mul(tf.reshape(tf.mul(y, mask), [-1, size]), logP);
    return tf.div<Scalar>(tf.neg(tf.sum(products)), known / size);
  }
  const penalties = penalty(tf, loss, tf.sub(p, y));
  return tf.div<Scalar>(tf.sum(tf.mul(penalties, mask)), known);
}

type ErrorLoss = Exclude<Loss, { kind: 'softmax' }>;

/** ρ_o(e), see engine.ts. */
function penalty(tf: Tf, loss: ErrorLoss, e: Tensor2D): Tensor {
  if (loss.kind === 'squared') return tf.square(e);
  if (loss.kind === 'huber') {
    // With s = min(|e|, δ) both of its branches are s (2|e| − s).
    const size = tf.abs(e);
    const inner = tf.minimum(size, loss.delta);
    return tf.mul(inner, tf.sub(tf.mul(size, 2), inner));
  }
  const levels = tf.tensor1d([...loss.levels]);
  const above = tf.mul(tf.relu(e), tf.sub(1, levels));
  const under = tf.mul(tf.relu(tf.neg(e)), levels);
  return tf.add(above, under);
}
