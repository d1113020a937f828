/**
 * Simple recurrent network [1]: what happens to the sums of one step, four units a vector.
 *
 *     h = φ(a),  a = W_ih x + b_ih + W_hh h' + b_hh,  φ tanh or max(0, ·)
 *
 * Backward: da = dh (1 − h²) for tanh, dh where h > 0 for ReLU; dh' = W_hhᵀ da (product.ts).
 * A step's row of z holds a, then h, then da.
 *
 * [1] J. Elman: Finding structure in time. Cognitive Science 14(2), 1990.
 */
import {
  coefficient, HIGH, LOW, P0, P1, P2, P3, P4, Q0, Q1, Q2, Q3, tanh4,
} from './math';
import { withoutDenormals } from './vector';

/** z, h: [H] */
@inline
export function rnnForward(relu: bool, z: usize, h: usize, hidden: i32): void {
  const zero = f32x4.splat(0);
  const p4 = coefficient(P4), p3 = coefficient(P3), p2 = coefficient(P2), p1 = coefficient(P1);
  const p0 = coefficient(P0), q3 = coefficient(Q3), q2 = coefficient(Q2), q1 = coefficient(Q1);
  const q0 = coefficient(Q0), high = coefficient(HIGH), low = coefficient(LOW);
  for (let u: usize = 0, end = <usize>hidden << 2; u < end; u += 16) {
    const a = v128.load(z + u);
    // pmax(a, 0) is a where a is NaN: 0 > NaN is false.
    const y = relu ? f32x4.pmax(a, zero) : tanh4(a, p4, p3, p2, p1, p0, q3, q2, q1, q0, high, low);
    v128.store(z + u, y);
    v128.store(h + u, y);
  }
}

/** dh: ∂L/∂h [H] */
@inline
export function rnnBackward(relu: bool, z: usize, dh: usize, hidden: i32): void {
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  for (let u: usize = 0, end = <usize>hidden << 2; u < end; u += 16) {
    const h = v128.load(z + u);
    const dhu = withoutDenormals(v128.load(dh + u));
    const da = relu
      ? v128.and(dhu, f32x4.gt(h, zero))
      : f32x4.mul(dhu, f32x4.sub(one, f32x4.mul(h, h)));
    v128.store(z + u, da);
  }
}
