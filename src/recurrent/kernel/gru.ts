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
import { sigmoid4, tanh4 } from './math';
import { withoutDenormals } from './vector';

/** x, s: [H÷4][r z n][4]; hBefore and h: [H] */
export function gruForward(x: usize, s: usize, hBefore: usize, h: usize, hidden: i32): void {
  for (let u: usize = 0, end = <usize>hidden << 2; u < end; u += 16) {
    const r = sigmoid4(f32x4.add(v128.load(x), v128.load(s)));
    const z = sigmoid4(f32x4.add(v128.load(x + 16), v128.load(s + 16)));
    const q = v128.load(s + 32);
    const n = tanh4(f32x4.add(v128.load(x + 32), f32x4.mul(r, q)));
    v128.store(x, r);
    v128.store(x + 16, z);
    v128.store(x + 32, n);
    v128.store(h + u, f32x4.add(n, f32x4.mul(z, f32x4.sub(v128.load(hBefore + u), n))));
    x += 48;
    s += 48;
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
