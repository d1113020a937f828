/**
 * Long short-term memory [1] with forget gate [2]: what happens to the sums of one step, unit by
 * unit, four units a vector. The letters are those of ../cells/lstm.ts.
 *
 *     a = W_ih x + b_ih + W_hh h' + b_hh (product.ts)
 *     i = σ(a_i)    f = σ(a_f)    g = tanh(a_g)    o = σ(a_o)
 *     c = f c' + i g
 *     h = o tanh(c)
 *
 * Backward, dy for ∂L/∂y:
 *
 *     do = dh tanh(c)            dc += dh o (1 − tanh²(c))
 *     di = dc g                  df = dc c'             dg = dc i
 *     da_i = di i (1 − i)        da_f = df f (1 − f)    da_g = dg (1 − g²)    da_o = do o (1 − o)
 *     dc' = dc f                 dh' = W_hhᵀ da (transposed.ts)
 *
 * A step's row of z holds, one after the other in the same place, a, then the gates, then da.
 *
 * [1] S. Hochreiter, J. Schmidhuber: Long short-term memory. Neural Computation 9(8), 1997.
 * [2] F. Gers, J. Schmidhuber, F. Cummins: Learning to forget. Neural Computation 12(10), 2000.
 */
import { ofSigmoid, ofTanh, sigmoid4, tanh4, tanhEach } from './math';
import { withoutDenormals } from './vector';

/**
 * Function by function rather than unit by unit: so the coefficients keep their registers, and the
 * processor works on several vectors at once, since none waits for another.
 * @param z [H÷4][i f g o][4]
 * @param cBefore c' [H]; c, tanhC and h [H] are filled
 */
export function lstmForward(
  z: usize, cBefore: usize, c: usize, tanhC: usize, h: usize, hidden: i32,
): void {
  const end = z + (<usize>hidden << 4);
  lstmGates(z, end);
  tanhEach(z + 32, end, 64);
  lstmState(z, end, cBefore, c, tanhC, h);
}

/** i, f, o */
@inline
function lstmGates(z: usize, end: usize): void {
  const r4 = ofSigmoid(0), r3 = ofSigmoid(1), r2 = ofSigmoid(2), r1 = ofSigmoid(3);
  const r0 = ofSigmoid(4), s3 = ofSigmoid(5), s2 = ofSigmoid(6), s1 = ofSigmoid(7);
  const s0 = ofSigmoid(8), high = ofSigmoid(9), low = ofSigmoid(10), half = ofSigmoid(11);
  for (let at = z; at < end; at += 64) {
    const i = sigmoid4(v128.load(at), r4, r3, r2, r1, r0, s3, s2, s1, s0, high, low, half);
    v128.store(at, i);
    const f = sigmoid4(v128.load(at, 16), r4, r3, r2, r1, r0, s3, s2, s1, s0, high, low, half);
    v128.store(at, f, 16);
    const o = sigmoid4(v128.load(at, 48), r4, r3, r2, r1, r0, s3, s2, s1, s0, high, low, half);
    v128.store(at, o, 48);
  }
}

@inline
function lstmState(
  z: usize, end: usize, cBefore: usize, c: usize, tanhC: usize, h: usize,
): void {
  const p4 = ofTanh(0), p3 = ofTanh(1), p2 = ofTanh(2), p1 = ofTanh(3), p0 = ofTanh(4);
  const q3 = ofTanh(5), q2 = ofTanh(6), q1 = ofTanh(7), q0 = ofTanh(8);
  const high = ofTanh(9), low = ofTanh(10);
  for (let at = z; at < end; at += 64) {
    const kept = f32x4.mul(v128.load(at, 16), v128.load(cBefore));
    const cu = f32x4.add(kept, f32x4.mul(v128.load(at), v128.load(at, 32)));
    v128.store(c, cu);
    const tanhCu = tanh4(cu, p4, p3, p2, p1, p0, q3, q2, q1, q0, high, low);
    v128.store(tanhC, tanhCu);
    v128.store(h, f32x4.mul(v128.load(at, 48), tanhCu));
    cBefore += 16;
    c += 16;
    tanhC += 16;
    h += 16;
  }
}

/** dh: ∂L/∂h [H]; dc: ∂L/∂c [H] from the step after, on return for the step before */
export function lstmBackward(
  z: usize, cBefore: usize, tanhC: usize, dh: usize, dc: usize, hidden: i32,
): void {
  const one = f32x4.splat(1);
  for (let u: usize = 0, end = <usize>hidden << 2; u < end; u += 16) {
    const i = v128.load(z);
    const f = v128.load(z + 16);
    const g = v128.load(z + 32);
    const o = v128.load(z + 48);
    const dhu = withoutDenormals(v128.load(dh + u));
    const tc = v128.load(tanhC + u);

    const dO = f32x4.mul(dhu, tc);
    const through = f32x4.mul(f32x4.mul(dhu, o), f32x4.sub(one, f32x4.mul(tc, tc)));
    const dcu = f32x4.add(v128.load(dc + u), through);
    const di = f32x4.mul(dcu, g);
    const df = f32x4.mul(dcu, v128.load(cBefore + u));
    const dg = f32x4.mul(dcu, i);

    v128.store(z, f32x4.mul(f32x4.mul(di, i), f32x4.sub(one, i)));
    v128.store(z + 16, f32x4.mul(f32x4.mul(df, f), f32x4.sub(one, f)));
    v128.store(z + 32, f32x4.mul(dg, f32x4.sub(one, f32x4.mul(g, g))));
    v128.store(z + 48, f32x4.mul(f32x4.mul(dO, o), f32x4.sub(one, o)));
    v128.store(dc + u, withoutDenormals(f32x4.mul(dcu, f)));
    z += 64;
  }
}
