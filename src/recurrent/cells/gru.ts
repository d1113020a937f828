/**
 * Gated recurrent unit [1], reset gate after the product.
 *
 *     r = σ(W_ir x + b_ir + W_hr h' + b_hr)      reset gate
 *     z = σ(W_iz x + b_iz + W_hz h' + b_hz)      update gate
 *     q = W_hn h' + b_hn                         what the state offers the candidate
 *     n = tanh(W_in x + b_in + r q)              candidate
 *     h = (1 − z) n + z h'
 *
 * h' is the state before the step. Gates lie in the order r, z, n. Write a_r, a_z, a_n for the sums
 * inside σ and tanh, dy for ∂L/∂y. Backward:
 *
 *     dn = dh (1 − z)            dz = dh (h' − n)
 *     da_n = dn (1 − n²)         dr = da_n q            dq = da_n r
 *     da_r = dr r (1 − r)        da_z = dz z (1 − z)
 *     dx = W_ihᵀ [da_r, da_z, da_n]
 *     dh' = dh z + W_hhᵀ [da_r, da_z, dq]
 *
 * Where we differ from [1]: r multiplies q, not h' before the product; so do cuDNN, PyTorch and
 * Keras (reset_after), and all of W_hh h' is then one product. And z keeps the old state, 1 − z
 * lets the new one in, as in PyTorch.
 *
 * [1] K. Cho et al.: Learning phrase representations using RNN encoder–decoder for statistical
 *     machine translation. 2014.
 */
import { affine, affineBackward } from '../affine.ts';
import type { LayerLayout } from '../layout.ts';
import { type CellKernel, type LayerTrace, sigmoid } from './cell.ts';

/** A row of `saved`: r [H], z [H], q [H], n [H]. */
const SAVED = 4;

function forward(w: Float64Array, layer: LayerLayout, trace: LayerTrace, t: number): void {
  const { inputs: I, hidden: H, rows } = layer;
  const { x, h, ax, ah, saved } = trace;
  const xAt = trace.xStart + t * I;
  const before = t * H; // row of h'
  const after = before + H; // row of h
  const s = t * SAVED * H;

  affine(w, layer.weightIh, layer.biasIh, rows, I, x, xAt, ax, 0);
  affine(w, layer.weightHh, layer.biasHh, rows, H, h, before, ah, 0);

  for (let u = 0; u < H; u++) {
    const r = sigmoid(ax[u]! + ah[u]!);
    const z = sigmoid(ax[H + u]! + ah[H + u]!);
    const q = ah[2 * H + u]!;
    const n = Math.tanh(ax[2 * H + u]! + r * q);
    h[after + u] = (1 - z) * n + z * h[before + u]!;
    saved[s + u] = r;
    saved[s + H + u] = z;
    saved[s + 2 * H + u] = q;
    saved[s + 3 * H + u] = n;
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
  const { x, h, saved, dh, dx } = trace;
  const dax = trace.ax; // [da_r, da_z, da_n], the input side
  const dah = trace.ah; // [da_r, da_z, dq], the hidden side
  const xAt = trace.xStart + t * I;
  const before = t * H;
  const s = t * SAVED * H;

  for (let u = 0; u < H; u++) {
    const r = saved[s + u]!;
    const z = saved[s + H + u]!;
    const q = saved[s + 2 * H + u]!;
    const n = saved[s + 3 * H + u]!;

    const dn = dh[u]! * (1 - z);
    const dz = dh[u]! * (h[before + u]! - n);
    const daN = dn * (1 - n * n);
    const dr = daN * q;
    const dq = daN * r;
    const daR = dr * r * (1 - r);
    const daZ = dz * z * (1 - z);

    dax[u] = daR;
    dax[H + u] = daZ;
    dax[2 * H + u] = daN;
    dah[u] = daR;
    dah[H + u] = daZ;
    dah[2 * H + u] = dq;
    dh[u] = dh[u]! * z; // the direct part of dh'
  }

  // dh' += W_hhᵀ dah, dx += W_ihᵀ dax, and the gradients of the weights.
  affineBackward(w, dw, layer.weightHh, layer.biasHh, rows, H, h, before, dah, 0, dh);
  affineBackward(w, dw, layer.weightIh, layer.biasIh, rows, I, x, xAt, dax, 0, dx);
}

export const gru: CellKernel = { savedCount: SAVED, hasC: false, forward, backward };
