/**
 * Long short-term memory [1] with forget gate [2], without peepholes.
 *
 *     i = σ(W_ii x + b_ii + W_hi h' + b_hi)      input gate
 *     f = σ(W_if x + b_if + W_hf h' + b_hf)      forget gate
 *     g = tanh(W_ig x + b_ig + W_hg h' + b_hg)   candidate
 *     o = σ(W_io x + b_io + W_ho h' + b_ho)      output gate
 *     c = f c' + i g
 *     h = o tanh(c)
 *
 * h', c' are the state before the step. Gates lie in the order i, f, g, o. Write a_i … a_o for the
 * sums inside σ and tanh, dy for ∂L/∂y. Backward:
 *
 *     do = dh tanh(c)            dc += dh o (1 − tanh²(c))
 *     di = dc g                  df = dc c'             dg = dc i
 *     da_i = di i (1 − i)        da_f = df f (1 − f)    da_g = dg (1 − g²)    da_o = do o (1 − o)
 *     dc' = dc f                 dh' = W_hhᵀ da         dx = W_ihᵀ da
 *
 * Where we differ from [1]: the gradient is exact within the window (the paper cut it at the gates).
 * Two bias vectors, of which one would do, because PyTorch's order has both.
 *
 * [1] S. Hochreiter, J. Schmidhuber: Long short-term memory. Neural Computation 9(8), 1997.
 * [2] F. Gers, J. Schmidhuber, F. Cummins: Learning to forget: continual prediction with LSTM.
 *     Neural Computation 12(10), 2000.
 */
import { affine, affineBackward } from '../affine.ts';
import type { LayerLayout } from '../layout.ts';
import { type CellKernel, type LayerTrace, sigmoid } from './cell.ts';

/** A row of `saved`: i [H], f [H], g [H], o [H], tanh(c) [H]. */
const SAVED = 5;

function forward(w: Float64Array, layer: LayerLayout, trace: LayerTrace, t: number): void {
  const { inputs: I, hidden: H, rows } = layer;
  const { x, h, c, ax, ah, saved } = trace;
  const xAt = trace.xStart + t * I;
  const before = t * H; // row of h', c'
  const after = before + H; // row of h, c
  const s = t * SAVED * H;

  affine(w, layer.weightIh, layer.biasIh, rows, I, x, xAt, ax, 0);
  affine(w, layer.weightHh, layer.biasHh, rows, H, h, before, ah, 0);

  for (let u = 0; u < H; u++) {
    const i = sigmoid(ax[u]! + ah[u]!);
    const f = sigmoid(ax[H + u]! + ah[H + u]!);
    const g = Math.tanh(ax[2 * H + u]! + ah[2 * H + u]!);
    const o = sigmoid(ax[3 * H + u]! + ah[3 * H + u]!);
    const cNew = f * c[before + u]! + i * g;
    const tanhC = Math.tanh(cNew);
    c[after + u] = cNew;
    h[after + u] = o * tanhC;
    saved[s + u] = i;
    saved[s + H + u] = f;
    saved[s + 2 * H + u] = g;
    saved[s + 3 * H + u] = o;
    saved[s + 4 * H + u] = tanhC;
  }
}

function backward(
  w: Float64Array,
  dw: Float64Array,
  layer: LayerLayout,
  trace: LayerTrace,
  t: number,
): void {
  const { inputs: I, hidden: H, rows } = layer;
  const { x, h, c, saved, dh, dc, dx } = trace;
  const da = trace.ax;
  const xAt = trace.xStart + t * I;
  const before = t * H;
  const s = t * SAVED * H;

  for (let u = 0; u < H; u++) {
    const i = saved[s + u]!;
    const f = saved[s + H + u]!;
    const g = saved[s + 2 * H + u]!;
    const o = saved[s + 3 * H + u]!;
    const tanhC = saved[s + 4 * H + u]!;

    const do_ = dh[u]! * tanhC;
    const dcNow = dc[u]! + dh[u]! * o * (1 - tanhC * tanhC);
    const di = dcNow * g;
    const df = dcNow * c[before + u]!;
    const dg = dcNow * i;

    da[u] = di * i * (1 - i);
    da[H + u] = df * f * (1 - f);
    da[2 * H + u] = dg * (1 - g * g);
    da[3 * H + u] = do_ * o * (1 - o);
    dc[u] = dcNow * f; // dc'
    dh[u] = 0;
  }

  // dh' = W_hhᵀ da, dx += W_ihᵀ da, and the gradients of the weights.
  affineBackward(w, dw, layer.weightHh, layer.biasHh, rows, H, h, before, da, 0, dh);
  affineBackward(w, dw, layer.weightIh, layer.biasIh, rows, I, x, xAt, da, 0, dx);
}

export const lstm: CellKernel = { savedCount: SAVED, hasC: true, forward, backward };
