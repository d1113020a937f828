/**
 * Simple recurrent network [1], with φ = tanh or φ = ReLU.
 *
 *     h = φ(a)       a = W_ih x + b_ih + W_hh h' + b_hh
 *
 * h' is the state before the step; dy stands for ∂L/∂y. Backward, with φ' told from h alone:
 *
 *     da = dh (1 − h²)    (tanh)      da = dh where h > 0, else 0    (ReLU)
 *     dh' = W_hhᵀ da      dx = W_ihᵀ da
 *
 * With ReLU nothing bounds h: a state that overflows is started again from zero (reference.ts).
 *
 * [1] J. Elman: Finding structure in time. Cognitive Science 14(2), 1990.
 */
import { affine, affineBackward } from '../affine.ts';
import type { LayerLayout } from '../layout.ts';
import type { CellKernel, LayerTrace } from './cell.ts';

function simpleCell(phi: (a: number) => number, phiSlope: (h: number) => number): CellKernel {
  function forward(w: Float64Array, layer: LayerLayout, trace: LayerTrace, t: number): void {
    const { inputs: I, hidden: H, rows } = layer;
    const { x, h, ax, ah } = trace;
    const before = t * H;
    const after = before + H;

    affine(w, layer.weightIh, layer.biasIh, rows, I, x, trace.xStart + t * I, ax, 0);
    affine(w, layer.weightHh, layer.biasHh, rows, H, h, before, ah, 0);

    for (let u = 0; u < H; u++) h[after + u] = phi(ax[u]! + ah[u]!);
  }

  function backward(
    w: Float64Array,
    dw: Float64Array,
    layer: LayerLayout,
    trace: LayerTrace,
    t: number,
  ): void {
    const { inputs: I, hidden: H, rows } = layer;
    const { x, h, dh, dx } = trace;
    const da = trace.ax;
    const before = t * H;
    const after = before + H;

    for (let u = 0; u < H; u++) {
      da[u] = dh[u]! * phiSlope(h[after + u]!);
      dh[u] = 0;
    }

    // dh' = W_hhᵀ da, dx += W_ihᵀ da, and the gradients of the weights.
    affineBackward(w, dw, layer.weightHh, layer.biasHh, rows, H, h, before, da, 0, dh);
    affineBackward(
      w,
      dw,
      layer.weightIh,
      layer.biasIh,
      rows,
      I,
      x,
      trace.xStart + t * I,
      da,
      0,
      dx,
    );
  }

  // Nothing to save: h itself tells the slope.
  return { savedCount: 0, hasC: false, forward, backward };
}

export const rnnTanh = simpleCell(Math.tanh, (h) => 1 - h * h);

/** NaN stays NaN, so that it is noticed. */
export const rnnRelu = simpleCell(
  (a) => Math.max(a, 0),
  (h) => (h > 0 ? 1 : 0),
);
