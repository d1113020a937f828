/**
 * Simple recurrent network [1]: what happens to the sums of one step, four units a vector.
 *
 *     h = φ(a),  a = W_ih x + b_ih + W_hh h' + b_hh,  φ tanh or max(0, ·)
 *
 * Backward: da = dh (1 − h²) for tanh, dh where h > 0 for ReLU; dh' = W_hhᵀ da (transposed.ts).
 * A step's row of z holds a, then h, then da.
 *
 * [1] J. Elman: Finding structure in time. Cognitive Science 14(2), 1990.
 */
import { tanhEach } from './math';
import { withoutDenormals } from './vector';

/** z, h: [H] */
@inline
export function rnnForward(relu: bool, z: usize, h: usize, hidden: i32): void {
  const bytes = <usize>hidden << 2;
  if (relu) {
    const zero = f32x4.splat(0);
    // pmax(a, 0) is a where a is NaN: 0 > NaN is false.
    for (let at = z; at < z + bytes; at += 16) v128.store(at, f32x4.pmax(v128.load(at), zero));
  } else {
    tanhEach(z, z + bytes, 16);
  }
  for (let u: usize = 0; u < bytes; u += 16) v128.store(h + u, v128.load(z + u));
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
