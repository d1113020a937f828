/**
 * Long short-term memory [1] with forget gate [2]: what happens to the sums of one step, unit by
 * unit, four units a vector. The letters are those of ../cells/lstm.ts.
 *
 *     i = σ(a_i)    f = σ(a_f)    g = tanh(a_g)    o = σ(a_o)      a = W_ih x + b_ih + W_hh h' + b_hh
 *     c = f c' + i g
 *     h = o tanh(c)
 *
 * Backward, dy for ∂L/∂y:
 *
 *     do = dh tanh(c)            dc += dh o (1 − tanh²(c))
 *     di = dc g                  df = dc c'             dg = dc i
 *     da_i = di i (1 − i)        da_f = df f (1 − f)    da_g = dg (1 − g²)    da_o = do o (1 − o)
 *     dc' = dc f                 dh' = W_hhᵀ da (product.ts)
 *
 * A step's row of z holds, one after the other in the same place, a, then the gates, then da.
 *
 * [1] S. Hochreiter, J. Schmidhuber: Long short-term memory. Neural Computation 9(8), 1997.
 * [2] F. Gers, J. Schmidhuber, F. Cummins: Learning to forget. Neural Computation 12(10), 2000.
 */
import { sigmoid4, tanh4 } from './math';
import { withoutDenormals } from './vector';

/** z: [H÷4][i f g o][4]; c' and c, tanhC, h: [H] */
export function lstmForward(
  z: usize, cBefore: usize, c: usize, tanhC: usize, h: usize, hidden: i32,
): void {
  for (let u: usize = 0, end = <usize>hidden << 2; u < end; u += 16) {
    const i = sigmoid4(v128.load(z));
    const f = sigmoid4(v128.load(z + 16));
    const g = tanh4(v128.load(z + 32));
    const o = sigmoid4(v128.load(z + 48));
    const cu = f32x4.add(f32x4.mul(f, v128.load(cBefore + u)), f32x4.mul(i, g));
    const tanhCu = tanh4(cu);
    v128.store(z, i);
    v128.store(z + 16, f);
    v128.store(z + 32, g);
    v128.store(z + 48, o);
    v128.store(c + u, cu);
    v128.store(tanhC + u, tanhCu);
    v128.store(h + u, f32x4.mul(o, tanhCu));
    z += 64;
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
