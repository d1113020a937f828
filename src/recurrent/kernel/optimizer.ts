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

/** One update. @param scale of the norm clip; g itself is left as it is */
export function update(plan: Plan, rule: Rule, net: usize, limit: f32, scale: f32): void {
  if (rule.optimizer == RMSPROP) sweep(RMSPROP, plan, rule, net, limit, scale);
  else if (rule.optimizer == ADAM) sweep(ADAM, plan, rule, net, limit, scale);
  else sweep(SGD, plan, rule, net, limit, scale);
}

@inline
function sweep(
  optimizer: i32, plan: Plan, rule: Rule, net: usize, limit: f32, scale: f32,
): void {
  const high = f32x4.splat(limit);
  const low = f32x4.neg(high);
  const scales = f32x4.splat(scale);
  const rate = f32x4.splat(rule.learningRate);
  const keep = f32x4.splat(1 - rule.learningRate * rule.weightDecay);
  const floor = f32x4.splat(1e-30);
  const meanScale = f32x4.splat(<f32>1 / rule.meanCorrection);
  const squareScale = f32x4.splat(<f32>1 / rule.squareCorrection);
  let p = net + plan.weights;
  let s = net + plan.meanSquare;
  let m = net + plan.mean;
  let g = plan.gradient;
  const end = g + plan.weightBytes;
  for (; g < end; g += 16) {
    const limited = f32x4.pmax(f32x4.pmin(v128.load(g), high), low);
    let step = f32x4.mul(limited, scales);
    if (optimizer == RMSPROP) {
      const square = f32x4.mul(f32x4.mul(step, step), f32x4.splat(0.1));
      const sj = f32x4.pmax(f32x4.add(f32x4.mul(v128.load(s), f32x4.splat(0.9)), square), floor);
      v128.store(s, sj);
      step = f32x4.div(step, f32x4.add(f32x4.sqrt(sj), f32x4.splat(1e-7)));
      s += 16;
    }
    if (optimizer == ADAM) {
      const mean = f32x4.add(f32x4.mul(v128.load(m), f32x4.splat(0.9)), f32x4.mul(step, f32x4.splat(0.1)));
      const mj = withoutDenormals(mean);
      const square = f32x4.mul(f32x4.mul(step, step), f32x4.splat(0.001));
      const sj = f32x4.pmax(f32x4.add(f32x4.mul(v128.load(s), f32x4.splat(0.999)), square), floor);
      v128.store(m, mj);
      v128.store(s, sj);
      const root = f32x4.sqrt(f32x4.mul(sj, squareScale));
      step = f32x4.div(f32x4.mul(mj, meanScale), f32x4.add(root, f32x4.splat(1e-8)));
      s += 16;
      m += 16;
    }
    const kept = f32x4.mul(v128.load(p), keep);
    v128.store(p, f32x4.sub(kept, f32x4.mul(rate, step)));
    p += 16;
  }
}
