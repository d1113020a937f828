/**
 * Gated recurrent unit [1], reset gate after the product: what happens to the sums of one step, four
 * units a vector. The letters are those of ../cells/gru.ts.
 *
 *     r = σ(x_r + s_r)      x_· = W_i· x + b_i·    the input side, all steps at once before the rest
 *     z = σ(x_z + s_z)      s_· = W_h· h' + b_h·   the hidden side, s_n also called q
 *     n = tanh(x_n + r q)
 *     h = n + z (h' − n)
 *
 * Backward, dy for ∂L/∂y, a for the arguments of σ and tanh:
 *
 *     dn = dh (1 − z)            dz = dh (h' − n)
 *     da_n = dn (1 − n²)         dr = da_n q            dq = da_n r
 *     da_r = dr r (1 − r)        da_z = dz z (1 − z)
 *     dh' = dh z + W_hhᵀ [da_r, da_z, dq] (product.ts)
 *
 * A step's row of x holds the sums, then r z n, then [da_r, da_z, da_n]; its row of s the sums, of
 * which q is needed again, then [da_r, da_z, dq].
 *
 * [1] K. Cho et al.: Learning phrase representations using RNN encoder–decoder for statistical
 *     machine translation. 2014.
 */
import {
  coefficient, HALF, HIGH, LOW, P0, P1, P2, P3, P4, Q0, Q1, Q2, Q3, sigmoid4, tanh4,
} from './math';
import { withoutDenormals } from './vector';

/** x, s: [H÷4][r z n][4]; hBefore and h: [H] */
export function gruForward(x: usize, s: usize, hBefore: usize, h: usize, hidden: i32): void {
  // Two loops, for the same reason as in lstm.ts.
  const p4 = coefficient(P4), p3 = coefficient(P3), p2 = coefficient(P2), p1 = coefficient(P1);
  const p0 = coefficient(P0), q3 = coefficient(Q3), q2 = coefficient(Q2), q1 = coefficient(Q1);
  const q0 = coefficient(Q0), high = coefficient(HIGH), low = coefficient(LOW);
  const half = coefficient(HALF);
  const end = x + hidden * 12;
  let b = s;
  for (let a = x; a < end; a += 48) {
    const r = f32x4.add(v128.load(a), v128.load(b));
    v128.store(a, sigmoid4(r, p4, p3, p2, p1, p0, q3, q2, q1, q0, high, low, half));
    const z = f32x4.add(v128.load(a, 16), v128.load(b, 16));
    v128.store(a, sigmoid4(z, p4, p3, p2, p1, p0, q3, q2, q1, q0, high, low, half), 16);
    b += 48;
  }
  for (let a = x; a < end; a += 48) {
    const offered = f32x4.mul(v128.load(a), v128.load(s, 32));
    const n = tanh4(f32x4.add(v128.load(a, 32), offered), p4, p3, p2, p1, p0, q3, q2, q1, q0, high, low);
    v128.store(a, n, 32);
    const change = f32x4.mul(v128.load(a, 16), f32x4.sub(v128.load(hBefore), n));
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
