/**
 * What a cell is: one step forward and the same step backward, over the trace of one layer.
 *
 * The trace holds a layer's activations over T steps. Step t reads x_t and the state h_{t−1}, which
 * lies in row t of `h`, and writes h_t into row t + 1: row 0 is the state before the first step.
 */
import type { LayerLayout } from '../layout.ts';

export interface CellKernel {
  /** Values a unit and step that the backward pass needs again. */
  readonly savedCount: number;
  /** Whether there is a second state, c. */
  readonly hasC: boolean;
  /** Step t: reads x_t, h row t (c row t); writes h row t + 1 (c row t + 1) and `saved` row t. */
  forward(w: Float64Array, layer: LayerLayout, trace: LayerTrace, t: number): void;
  /**
   * Step t backward. On entry `dh` is ∂L/∂h_t (`dc` the part of ∂L/∂c_t that comes from step t + 1);
   * on return they are those of step t − 1, as far as step t contributes. Adds to `dw`, and to `dx`.
   */
  backward(
    w: Float64Array,
    dw: Float64Array,
    layer: LayerLayout,
    trace: LayerTrace,
    t: number,
  ): void;
}

export class LayerTrace {
  /** Inputs: row t begins at `xStart + t·I`. The window's inputs, or the h of the layer below. */
  readonly x: Float64Array;
  readonly xStart: number;
  /** [T + 1][H] */
  readonly h: Float64Array;
  /** [T + 1][H]; empty without c */
  readonly c: Float64Array;
  /** [T][savedCount·H] */
  readonly saved: Float64Array;
  /** Products of the input side, W_ih x + b_ih; on the way back their gradient. [G·H] */
  readonly ax: Float64Array;
  /** Products of the hidden side, W_hh h + b_hh; on the way back their gradient. [G·H] */
  readonly ah: Float64Array;
  /** [H] */
  readonly dh: Float64Array;
  /** [H]; empty without c */
  readonly dc: Float64Array;
  /** Receives ∂L/∂x_t [I]: the `dh` of the layer below, or the gradient of the network's inputs. */
  readonly dx: Float64Array;

  constructor(
    kernel: CellKernel,
    layer: LayerLayout,
    steps: number,
    below: LayerTrace | undefined,
  ) {
    const { inputs, hidden, rows } = layer;
    this.x = below?.h ?? new Float64Array(steps * inputs);
    this.xStart = below === undefined ? 0 : hidden;
    this.h = new Float64Array((steps + 1) * hidden);
    this.c = new Float64Array(kernel.hasC ? (steps + 1) * hidden : 0);
    this.saved = new Float64Array(steps * kernel.savedCount * hidden);
    this.ax = new Float64Array(rows);
    this.ah = new Float64Array(rows);
    this.dh = new Float64Array(hidden);
    this.dc = new Float64Array(kernel.hasC ? hidden : 0);
    this.dx = below?.dh ?? new Float64Array(inputs);
  }
}

/** The logistic function, in the form whose exp cannot overflow. */
export function sigmoid(a: number): number {
  if (a >= 0) return 1 / (1 + Math.exp(-a));
  const e = Math.exp(a);
  return e / (1 + e);
}
