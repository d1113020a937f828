/**
 * From a gradient g to new weights p, four at a time; η is the learning rate. The letters are those
 * of ../optimizer.ts, which names the papers.
 *
 *     clip value    g = min(max(g, −v), v)
 *     clip norm     g = g · min(1, k ÷ (‖g‖ + 1e−6))
 *     SGD           p −= η g
 *     RMSprop       s = α s + (1 − α) g²               p −= η g ÷ (√s + ε)
 *     Adam          m = β₁ m + (1 − β₁) g              s = β₂ s + (1 − β₂) g²
 *                   p −= η (m ÷ (1 − β₁ⁿ)) ÷ (√(s ÷ (1 − β₂ⁿ)) + ε)
 *     decay         p −= η λ p   before the step, whatever the optimizer
 *
 * s never falls below 1e−30, whose root is far below ε: so no denormal numbers. Lanes that only pad
 * have gradient 0 and stay 0.
 */
import { Plan, Rule } from './plan';
import { withoutDenormals } from './vector';

export const SGD = 0;
export const RMSPROP = 1;
export const ADAM = 2;

/** Constants as splat vectors: in the code they would be built anew for every vector. */
const TABLE: usize = memory.data<f32>([
  1e-30, 1e-30, 1e-30, 1e-30,
  0.9, 0.9, 0.9, 0.9,
  0.1, 0.1, 0.1, 0.1,
  1e-7, 1e-7, 1e-7, 1e-7,
  0.999, 0.999, 0.999, 0.999,
  0.001, 0.001, 0.001, 0.001,
  1e-8, 1e-8, 1e-8, 1e-8,
], 16);
const FLOOR: usize = TABLE;
const RMSPROP_ALPHA: usize = TABLE + 16;
const RMSPROP_REST: usize = TABLE + 32;
const RMSPROP_EPSILON: usize = TABLE + 48;
const ADAM_BETA1: usize = TABLE + 16;
const ADAM_REST1: usize = TABLE + 32;
const ADAM_BETA2: usize = TABLE + 64;
const ADAM_REST2: usize = TABLE + 80;
const ADAM_EPSILON: usize = TABLE + 96;

/**
 * One update; g itself is left as it is.
 * @param limit v, or the largest number for none
 * @param scale of the norm clip
 */
export function update(plan: Plan, rule: Rule, net: usize, limit: f32, scale: f32): void {
  const p = net + plan.weights;
  const g = plan.gradient;
  const end = g + plan.weightBytes;
  const keep = f32x4.splat(1 - rule.learningRate * rule.weightDecay);
  const rate = f32x4.splat(rule.learningRate);
  const high = f32x4.splat(limit);
  const scales = f32x4.splat(scale);
  if (rule.optimizer == RMSPROP) {
    rmsprop(p, net + plan.meanSquare, g, end, high, scales, rate, keep);
  } else if (rule.optimizer == ADAM) {
    adam(rule, p, net + plan.meanSquare, net + plan.mean, g, end, high, scales, rate, keep);
  } else {
    sgd(p, g, end, high, scales, rate, keep);
  }
}

@inline
function limited(g: usize, high: v128, low: v128, scale: v128): v128 {
  return f32x4.mul(f32x4.pmax(f32x4.pmin(v128.load(g), high), low), scale);
}

@inline
function move(p: usize, keep: v128, rate: v128, step: v128): void {
  v128.store(p, f32x4.sub(f32x4.mul(v128.load(p), keep), f32x4.mul(rate, step)));
}

function sgd(
  p: usize, g: usize, end: usize, high: v128, scale: v128, rate: v128, keep: v128,
): void {
  const low = f32x4.neg(high);
  for (; g < end; g += 16) {
    move(p, keep, rate, limited(g, high, low, scale));
    p += 16;
  }
}

/** Two vectors at a time share a division: 1 ÷ a is b ÷ (a b), and 1 ÷ b is a ÷ (a b). */
function rmsprop(
  p: usize, s: usize, g: usize, end: usize, high: v128, scale: v128, rate: v128, keep: v128,
): void {
  const low = f32x4.neg(high);
  const alpha = v128.load(RMSPROP_ALPHA);
  const rest = v128.load(RMSPROP_REST);
  const epsilon = v128.load(RMSPROP_EPSILON);
  const floor = v128.load(FLOOR);
  for (; g < end; g += 32) {
    const g0 = limited(g, high, low, scale);
    const g1 = limited(g + 16, high, low, scale);
    const square0 = f32x4.mul(f32x4.mul(g0, g0), rest);
    const square1 = f32x4.mul(f32x4.mul(g1, g1), rest);
    const s0 = f32x4.pmax(f32x4.add(f32x4.mul(v128.load(s), alpha), square0), floor);
    const s1 = f32x4.pmax(f32x4.add(f32x4.mul(v128.load(s, 16), alpha), square1), floor);
    v128.store(s, s0);
    v128.store(s, s1, 16);
    const root0 = f32x4.add(f32x4.sqrt(s0), epsilon);
    const root1 = f32x4.add(f32x4.sqrt(s1), epsilon);
    const share = f32x4.div(rate, f32x4.mul(root0, root1));
    const step0 = f32x4.mul(g0, f32x4.mul(root1, share));
    const step1 = f32x4.mul(g1, f32x4.mul(root0, share));
    v128.store(p, f32x4.sub(f32x4.mul(v128.load(p), keep), step0));
    v128.store(p, f32x4.sub(f32x4.mul(v128.load(p, 16), keep), step1), 16);
    p += 32;
    s += 32;
  }
}

function adam(
  rule: Rule, p: usize, s: usize, m: usize, g: usize, end: usize,
  high: v128, scale: v128, rate: v128, keep: v128,
): void {
  const low = f32x4.neg(high);
  const beta1 = v128.load(ADAM_BETA1);
  const rest1 = v128.load(ADAM_REST1);
  const beta2 = v128.load(ADAM_BETA2);
  const rest2 = v128.load(ADAM_REST2);
  const epsilon = v128.load(ADAM_EPSILON);
  const floor = v128.load(FLOOR);
  const meanScale = f32x4.splat(<f32>1 / rule.meanCorrection);
  const squareScale = f32x4.splat(<f32>1 / rule.squareCorrection);
  for (; g < end; g += 16) {
    const gj = limited(g, high, low, scale);
    const mean = f32x4.add(f32x4.mul(v128.load(m), beta1), f32x4.mul(gj, rest1));
    const mj = withoutDenormals(mean);
    const square = f32x4.mul(f32x4.mul(gj, gj), rest2);
    const sj = f32x4.pmax(f32x4.add(f32x4.mul(v128.load(s), beta2), square), floor);
    v128.store(m, mj);
    v128.store(s, sj);
    const root = f32x4.add(f32x4.sqrt(f32x4.mul(sj, squareScale)), epsilon);
    move(p, keep, rate, f32x4.div(f32x4.mul(mj, meanScale), root));
    p += 16;
    s += 16;
    m += 16;
  }
}
