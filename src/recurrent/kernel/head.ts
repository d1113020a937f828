/**
 * The linear head on the top layer's h, and its masked loss. The letters are those of ../head.ts.
 *
 *     p_t = W h_t + b                               one output a lead (or a symbol)
 *     L = Σ_to m_to ρ_o(p_to − y_to) ÷ Σ_to m_to    squared, Huber, quantile
 *     L = − Σ_t m_t Σ_o y_to log s_to ÷ Σ_t m_t     softmax, s_t = softmax(p_t), m_t = m_t0;
 *                                                   with groups, t is each group of each step
 *
 * ∂L/∂p takes the place of p. The softmax head's targets are the symbols' probabilities, one-hot as
 * a rule; its gradient is s_to Σ_o y_to − y_to.
 */
import { exp4 } from './math';
import { outerProduct } from './outer';
import { layerOf, Plan, Rule } from './plan';
import { product } from './product';
import { transposedProduct } from './transposed';
import { copyVectors } from './vector';

export const SQUARED = 0;
export const HUBER = 1;
export const QUANTILE = 2;
export const SOFTMAX = 3;

/** p_t for the h of rows 1 … steps of the top layer, into plan.y. */
export function headForward(plan: Plan, net: usize, steps: i32): void {
  const top = layerOf(plan, plan.layers - 1);
  const w = net + plan.headWeights;
  const rows = <i32>(plan.yStride >> 2);
  let h = top.a;
  let y = plan.y;
  for (let t = 0; t < steps; t++) {
    h += top.aStride;
    copyVectors(y, net + plan.headBias, plan.yStride);
    transposedProduct(plan.headWidth, y, w, plan.headStride, rows, h, plan.headVectors);
    y += plan.yStride;
  }
}

/**
 * From ∂L/∂p in plan.y: the head's gradient, and ∂L/∂h into the top layer's d, added. W is stored
 * output-major, the other way round than the layers' weights: so `product` goes back through it,
 * and `transposedProduct` forward.
 */
export function headBackward(plan: Plan, net: usize, steps: i32): void {
  const top = layerOf(plan, plan.layers - 1);
  const width = plan.headWidth;
  const vectors = plan.headVectors;
  const outputs = plan.outputs;
  const stride = plan.headStride;
  const yStride = plan.yStride;
  const w = net + plan.headWeights;
  const dw = plan.gradient + (plan.headWeights - plan.weights);
  const db = plan.gradient + (plan.headBias - plan.weights);
  const h = top.a + top.aStride;
  outerProduct(width, dw, stride, outputs, plan.y, yStride, h, top.aStride, vectors, steps);
  for (let o: usize = 0; o < yStride; o += 16) {
    let sum = f32x4.splat(0);
    for (let t = 0; t < steps; t++) sum = f32x4.add(sum, v128.load(plan.y + t * yStride + o));
    v128.store(db + o, sum);
  }
  let d = top.d;
  let y = plan.y;
  for (let t = 0; t < steps; t++) {
    d += plan.dStride;
    product(width, d, d, width << 4, w, stride, y, outputs, vectors);
    y += yStride;
  }
}

/** L, and ∂L/∂p in place of p. @returns NaN when nothing is known */
export function maskedLoss(plan: Plan, rule: Rule, steps: i32): f64 {
  if (rule.loss == SOFTMAX) return softmaxLoss(plan, rule.group, steps);
  const outputs = plan.outputs;
  const cells = steps * outputs;
  let known = 0;
  for (let j = 0; j < cells; j++) known += <i32>(load<u8>(plan.mask + j) != 0);
  const share: f32 = <f32>1 / <f32>known;
  let sum: f64 = 0;
  let cell: usize = 0;
  let y = plan.y;
  for (let t = 0; t < steps; t++) {
    for (let o: usize = 0; o < <usize>outputs; o++) {
      const at = y + (o << 2);
      if (load<u8>(plan.mask + cell) == 0) {
        store<f32>(at, 0);
      } else {
        const e = load<f32>(at) - load<f32>(plan.targets + (cell << 2));
        sum += penalty(plan, rule, o, e);
        store<f32>(at, slope(plan, rule, o, e) * share);
      }
      cell++;
    }
    y += plan.yStride;
  }
  return sum / <f64>known;
}

/** ρ_o(e) */
@inline
function penalty(plan: Plan, rule: Rule, o: usize, e: f32): f64 {
  if (rule.loss == SQUARED) return <f64>e * <f64>e;
  if (rule.loss == HUBER) {
    const size = <f64>Mathf.abs(e);
    const delta = <f64>rule.delta;
    return size <= delta ? size * size : delta * (2 * size - delta);
  }
  const level = <f64>load<f32>(plan.levels + (o << 2));
  return e < 0 ? -level * <f64>e : (1 - level) * <f64>e;
}

/** ρ_o'(e); at the kink of the quantile loss, 0 */
@inline
function slope(plan: Plan, rule: Rule, o: usize, e: f32): f32 {
  if (rule.loss == SQUARED) return 2 * e;
  if (rule.loss == HUBER) {
    const delta = rule.delta;
    return 2 * (e > delta ? delta : e < -delta ? -delta : e);
  }
  const level = load<f32>(plan.levels + (o << 2));
  return e < 0 ? -level : e > 0 ? 1 - level : e;
}

function softmaxLoss(plan: Plan, group: i32, steps: i32): f64 {
  const outputs = plan.outputs;
  const yStride = plan.yStride;
  const cells = steps * outputs;
  let known = 0;
  for (let cell = 0; cell < cells; cell += group) known += <i32>(load<u8>(plan.mask + cell) != 0);
  const share: f32 = <f32>1 / <f32>known;
  let sum: f64 = 0;
  for (let t = 0; t < steps; t++) {
    for (let o = 0; o < outputs; o += group) {
      const cell = t * outputs + o;
      const y = plan.y + t * yStride + (o << 2);
      if (load<u8>(plan.mask + cell) == 0) memory.fill(y, 0, group << 2);
      else sum += crossEntropy(y, plan.targets + (cell << 2), group, share);
    }
  }
  return sum / <f64>known;
}

/** One group's loss, and `share` of its gradient in place of y. */
function crossEntropy(y: usize, target: usize, count: i32, share: f32): f64 {
  let weight: f32 = 0;
  let dot: f64 = 0;
  for (let o = 0; o < count; o++) {
    const p = load<f32>(target + (o << 2));
    weight += p;
    dot += <f64>p * <f64>load<f32>(y + (o << 2));
  }
  const loss = <f64>weight * softmax(y, count) - dot;
  for (let o = 0; o < count; o++) {
    const at = y + (o << 2);
    store<f32>(at, (load<f32>(at) * weight - load<f32>(target + (o << 2))) * share);
  }
  return loss;
}

/** Probabilities in place of a step's outputs, group by group. */
export function softmaxGroups(y: usize, outputs: i32, group: i32): void {
  for (let o = 0; o < outputs; o += group) softmax(y + (o << 2), group);
}

/** p → exp(p) ÷ Σ exp(p) in place; what lies behind stays. @returns log Σ exp(p) */
function softmax(p: usize, count: i32): f64 {
  let largest = load<f32>(p);
  for (let o = 1; o < count; o++) largest = Mathf.max(largest, load<f32>(p + (o << 2)));
  const shift = f32x4.splat(largest);
  let sum: f64 = 0;
  const whole = count & ~3;
  for (let o = 0; o < whole; o += 4) {
    const at = p + (o << 2);
    v128.store(at, exp4(f32x4.sub(v128.load(at), shift)));
  }
  for (let o = whole; o < count; o++) {
    const at = p + (o << 2);
    const e = exp4(f32x4.sub(f32x4.splat(load<f32>(at)), shift));
    store<f32>(at, f32x4.extract_lane(e, 0));
  }
  for (let o = 0; o < count; o++) sum += <f64>load<f32>(p + (o << 2));
  const scale = <f32>(1 / sum);
  for (let o = 0; o < count; o++) {
    const at = p + (o << 2);
    store<f32>(at, load<f32>(at) * scale);
  }
  return <f64>largest + Math.log(sum);
}
