/** The update rules of ../optimizer.ts, in tensors. */
import type { TrainSettings } from '../engine.ts';
import { ADAM, type Clipping, RMSPROP } from '../optimizer.ts';
import type { Tensor, Tf, Variable } from './tf.ts';

/** What an update changes. */
export interface Learned {
  /** Weights [P]. */
  readonly w: Variable;
  /** Mean square of the gradient [P]; RMSprop and Adam. */
  readonly s?: Variable;
  /** Mean of the gradient [P]; Adam. */
  readonly m?: Variable;
}

/**
 * One update, within a `tidy`.
 * @param g gradient [P], finite
 * @param updates this one included
 */
export function update(
  tf: Tf,
  settings: TrainSettings,
  learningRate: number,
  learned: Learned,
  g: Tensor,
  { limit, scale }: Clipping,
  updates: number,
): void {
  const limited = limit < Number.POSITIVE_INFINITY ? tf.clipByValue(g, -limit, limit) : g;
  const clipped = scale === 1 ? limited : tf.mul(limited, scale);
  const step = stepOf(tf, learned, clipped, updates);
  const decay = learningRate * (settings.weightDecay ?? 0);
  const kept = decay === 0 ? learned.w : tf.mul(learned.w, 1 - decay);
  learned.w.assign(tf.sub(kept, tf.mul(step, learningRate)));
}

function stepOf(tf: Tf, { s, m }: Learned, g: Tensor, updates: number): Tensor {
  if (s === undefined) return g;
  if (m === undefined) {
    follow(tf, s, tf.square(g), RMSPROP.alpha);
    return tf.div(g, tf.add(tf.sqrt(s), RMSPROP.epsilon));
  }
  follow(tf, m, g, ADAM.beta1);
  follow(tf, s, tf.square(g), ADAM.beta2);
  const mean = tf.div(m, 1 - ADAM.beta1 ** updates);
  const square = tf.div(s, 1 - ADAM.beta2 ** updates);
  return tf.div(mean, tf.add(tf.sqrt(square), ADAM.epsilon));
}

/** mean = keep · mean + (1 − keep) · value. */
function follow(tf: Tf, mean: Variable, value: Tensor, keep: number): void {
  mean.assign(tf.add(tf.mul(mean, keep), tf.mul(value, 1 - keep)));
}
