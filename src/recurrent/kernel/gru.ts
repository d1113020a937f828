/**
 * Gated recurrent unit [1], reset gate after the product: what happens to the sums of one step,
 * four units a vector. The letters are those of ../cells/gru.ts.
 *
 *     r = σ(x_r + s_r)      x_· = W_i· x + b_i·    the input side, all steps before the rest
 *     z = σ(x_z + s_z)      s_· = W_h· h' + b_h·   the hidden side, s_n also called q
 *     n = tanh(x_n + r q)
 *     h = n + z (h' − n)
 *
 * Backward, dy for ∂L/∂y, a for the arguments of σ and tanh:
 *
 *     dn = dh (1 − z)            dz = dh (h' − n)
 *     da_n = dn (1 − n²)         dr = da_n q            dq = da_n r
 *     da_r = dr r (1 − r)        da_z = dz z (1 − z)
 *     dh' = dh z + W_hhᵀ [da_r, da_z, dq] (transposed.ts)
 *
 * A step's row of x holds the sums, then r z n, then [da_r, da_z, da_n]; its row of s the sums, of
 * which q is needed again, then [da_r, da_z, dq].
 *
 * [1] K. Cho et al.: Learning phrase representations using RNN encoder–decoder for statistical
 *     machine translation. 2014.
 */
import { ofSigmoid, ofTanh, sigmoid4, tanh4 } from './math';
import { withoutDenormals } from './vector';

/** x, s: [H÷4][r z n][4]; hBefore and h: [H]. In two loops, for the same reason as in lstm.ts. */
export function gruForward(x: usize, s: usize, hBefore: usize, h: usize, hidden: i32): void {
  const end = x + hidden * 12;
  gruGates(x, end, s);
  gruState(x, end, s, hBefore, h);
}

/** r, z */
@inline
function gruGates(x: usize, end: usize, s: usize): void {
  const r4 = ofSigmoid(0), r3 = ofSigmoid(1), r2 = ofSigmoid(2), r1 = ofSigmoid(3);
  const r0 = ofSigmoid(4), s3 = ofSigmoid(5), s2 = ofSigmoid(6), s1 = ofSigmoid(7);
  const s0 = ofSigmoid(8), high = ofSigmoid(9), low = ofSigmoid(10), half = ofSigmoid(11);
  for (let at = x; at < end; at += 48) {
    const r = f32x4.add(v128.load(at), v128.load(s));
    v128.store(at, sigmoid4(r, r4, r3, r2, r1, r0, s3, s2, s1, s0, high, low, half));
    const z = f32x4.add(v128.load(at, 16), v128.load(s, 16));
    v128.store(at, sigmoid4(z, r4, r3, r2, r1, r0, s3, s2, s1, s0, high, low, half), 16);
    s += 48;
  }
}

/** n, h */
@inline
function gruState(x: usize, end: usize, s: usize, hBefore: usize, h: usize): void {
  const p4 = ofTanh(0), p3 = ofTanh(1), p2 = ofTanh(2), p1 = ofTanh(3), p0 = ofTanh(4);
  const q3 = ofTanh(5), q2 = ofTanh(6), q1 = ofTanh(7), q0 = ofTanh(8);
  const high = ofTanh(9), low = ofTanh(10);
  for (let at = x; at < end; at += 48) {
    const offered = f32x4.mul(v128.load(at), v128.load(s, 32));
    const a = f32x4.add(v128.load(at, 32), offered);
    const n = tanh4(a, p4, p3, p2, p1, p0, q3, q2, q1, q0, high, low);
    v128.store(at, n, 32);
    const change = f32x4.mul(v128.load(at, 16), f32x4.sub(v128.load(hBefore), n));
    v128.store(h, f32x4.add(n, change));
    s += 48;
    hBefore += 16;
    h += 16;
  }
}

/** dh: ∂L/∂h [H]; dhBefore: receives the direct part of ∂L/∂h', added to what is there */
export function gruBackward(
  x: usize, s: usize, hBefore: usize, dh: usize, dhBefore: usize, hidden: i32,
): void {
  const one = f32x4.splat(1);
  for (let u: usize = 0, end = <usize>hidden << 2; u < end; u += 16) {
    const r = v128.load(x);
    const z = v128.load(x + 16);
    const n = v128.load(x + 32);
    const q = v128.load(s + 32);
    const dhu = withoutDenormals(v128.load(dh + u));

    const dn = f32x4.mul(dhu, f32x4.sub(one, z));
    const dz = f32x4.mul(dhu, f32x4.sub(v128.load(hBefore + u), n));
    const daN = f32x4.mul(dn, f32x4.sub(one, f32x4.mul(n, n)));
    const dr = f32x4.mul(daN, q);
    const daR = f32x4.mul(f32x4.mul(dr, r), f32x4.sub(one, r));
    const daZ = f32x4.mul(f32x4.mul(dz, z), f32x4.sub(one, z));

    v128.store(x, daR);
    v128.store(x + 16, daZ);
    v128.store(x + 32, daN);
    v128.store(s, daR);
    v128.store(s + 16, daZ);
    v128.store(s + 32, f32x4.mul(daN, r));
    v128.store(dhBefore + u, f32x4.add(v128.load(dhBefore + u), f32x4.mul(dhu, z)));
    x += 48;
    s += 48;
  }
}
