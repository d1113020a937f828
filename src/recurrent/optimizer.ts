/**
 * From a gradient g to new weights p, element by element; η is the learning rate.
 *
 *     clip value    g = min(max(g, −v), v)
 *     clip norm     g = g · min(1, k ÷ (‖g‖ + 1e−6))                                         [1]
 *     SGD           p −= η g
 *     RMSprop       s = α s + (1 − α) g²               p −= η g ÷ (√s + ε)                    [2]
 *     Adam          m = β₁ m + (1 − β₁) g              s = β₂ s + (1 − β₂) g²
 *                   p −= η (m ÷ (1 − β₁ⁿ)) ÷ (√(s ÷ (1 − β₂ⁿ)) + ε)       n updates so far    [3]
 *     decay         p −= η λ p   before the step, whatever the optimizer                      [4]
 *
 * The 1e−6 of the norm clip and the ε outside the root are those of PyTorch; α .9 and RMSprop's
 * ε 1e−7 are Keras' defaults, Adam's constants those of the paper.
 *
 * [1] R. Pascanu, T. Mikolov, Y. Bengio: On the difficulty of training recurrent neural networks.
 *     2013.
 * [2] T. Tieleman, G. Hinton: Lecture 6.5, RMSprop. 2012.
 * [3] D. Kingma, J. Ba: Adam: a method for stochastic optimization. 2015.
 * [4] I. Loshchilov, F. Hutter: Decoupled weight decay regularization. 2019.
 */
import type { TrainSettings } from './engine.ts';

const NORM_MARGIN = 1e-6;
export const RMSPROP = { alpha: 0.9, epsilon: 1e-7 };
export const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

/** ‖g‖; infinite or NaN when an element is, or when the sum of squares overflows. */
export function norm(g: ArrayLike<number>): number {
  let sum = 0;
  for (let j = 0; j < g.length; j++) sum += g[j]! * g[j]!;
  return Math.sqrt(sum);
}

/**
 * One update. `g` itself is left as it is.
 * @param p weights [P]
 * @param g gradient [P], finite
 * @param s mean square of the gradient [P] (empty for SGD)
 * @param m mean of the gradient [P] (Adam only)
 * @param updates n, this one included
 * @param gradNorm ‖g‖
 * @returns the norm after clipping
 */
export function update(
  settings: TrainSettings,
  learningRate: number,
  p: Float64Array,
  g: Float64Array,
  s: Float64Array,
  m: Float64Array,
  updates: number,
  gradNorm: number,
): number {
  const { limit, scale, clippedNorm } = clipping(settings, g, gradNorm);
  const keep = 1 - learningRate * (settings.weightDecay ?? 0);
  const mCorrection = 1 - ADAM.beta1 ** updates;
  const sCorrection = 1 - ADAM.beta2 ** updates;

  for (let j = 0; j < p.length; j++) {
    const gj = within(g[j]!, limit) * scale;
    let step = gj;
    if (settings.optimizer === 'rmsprop') {
      s[j] = RMSPROP.alpha * s[j]! + (1 - RMSPROP.alpha) * gj * gj;
      step = gj / (Math.sqrt(s[j]!) + RMSPROP.epsilon);
    } else if (settings.optimizer === 'adam') {
      m[j] = ADAM.beta1 * m[j]! + (1 - ADAM.beta1) * gj;
      s[j] = ADAM.beta2 * s[j]! + (1 - ADAM.beta2) * gj * gj;
      step = m[j]! / mCorrection / (Math.sqrt(s[j]! / sCorrection) + ADAM.epsilon);
    }
    p[j] = p[j]! * keep - learningRate * step;
  }
  return clippedNorm;
}

/** How a gradient is clipped: each element to ±limit, then all times `scale`. */
export interface Clipping {
  /** May be infinite. */
  readonly limit: number;
  readonly scale: number;
  /** The gradient's norm after it. */
  readonly clippedNorm: number;
}

export function clipping(
  settings: TrainSettings,
  g: ArrayLike<number>,
  gradNorm: number,
): Clipping {
  const limit = settings.clipValue || Number.POSITIVE_INFINITY;
  const limitedNorm = limit < Number.POSITIVE_INFINITY ? normWithin(g, limit) : gradNorm;
  const overNorm = settings.clipNorm > 0 && limitedNorm > settings.clipNorm;
  const scale = overNorm ? settings.clipNorm / (limitedNorm + NORM_MARGIN) : 1;
  return { limit, scale, clippedNorm: limitedNorm * scale };
}

function within(value: number, limit: number): number {
  return Math.min(Math.max(value, -limit), limit);
}

/** ‖g‖ after limiting every element. */
function normWithin(g: ArrayLike<number>, limit: number): number {
  let sum = 0;
  for (let j = 0; j < g.length; j++) {
    const gj = within(g[j]!, limit);
    sum += gj * gj;
  }
  return Math.sqrt(sum);
}
