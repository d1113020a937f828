/**
 * Stacked recurrent layers and a linear head, unrolled over a window of T steps, and truncated
 * backpropagation through time [1] over it.
 *
 *     p_1       p_2             p_T        outputs [O], a head on the top layer's h
 *      │         │               │
 *     h_1 ────▶ h_2 ──▶ … ────▶ h_T        layer 2 [H]
 *      │         │               │
 *     h_1 ────▶ h_2 ──▶ … ────▶ h_T        layer 1 [H]
 *      │         │               │
 *     x_1       x_2             x_T        inputs [I]
 *
 * Forward runs to the right and upwards from the state before the window, h_0 (and c_0). Backward
 * runs to the left and downwards; what arrives at h_0 goes no further: that is the truncation. In
 * the letters of [1] this is BPTT(h; h'), with h = k2 = T, and h' = k1 the caller's update interval.
 *
 * Where we differ from [1]: every step of the window may have targets, since a lead's target arrives
 * later than its forecast was made; so neighbouring windows share targets, and each is learned from
 * about T ÷ k1 times, with other weights each time.
 *
 * [1] R. Williams, J. Peng: An efficient gradient-based algorithm for on-line training of recurrent
 *     network trajectories. Neural Computation 2(4), 1990.
 */
import { affine, affineBackward } from './affine.ts';
import { type CellKernel, LayerTrace } from './cells/cell.ts';
import { KERNELS } from './cells/registry.ts';
import type { NetworkShape } from './engine.ts';
import { type WeightLayout, weightLayout } from './layout.ts';
import { norm } from './optimizer.ts';

/** Buffers for a pass over at most `steps` steps; they serve any network of the shape in turn. */
export class Unrolled {
  /** Predictions [T][O], and ∂L/∂p, to be filled in before `backward`. */
  readonly p: Float64Array;
  readonly dp: Float64Array;
  readonly #layout: WeightLayout;
  readonly #kernel: CellKernel;
  readonly #traces: LayerTrace[] = [];
  readonly #top: LayerTrace;
  readonly #outputs: number;
  readonly #hidden: number;

  constructor(shape: NetworkShape, steps: number) {
    this.#layout = weightLayout(shape);
    this.#kernel = KERNELS[shape.cell];
    for (const layer of this.#layout.layers) {
      this.#traces.push(new LayerTrace(this.#kernel, layer, steps, this.#traces.at(-1)));
    }
    this.#top = this.#traces.at(-1)!;
    this.#outputs = shape.outputs;
    this.#hidden = shape.hidden;
    this.p = new Float64Array(steps * shape.outputs);
    this.dp = new Float64Array(steps * shape.outputs);
  }

  /** The inputs of the window [T][I], to be filled in before `forward`. */
  get x(): Float64Array {
    return this.#traces[0]!.x;
  }

  /** h_0, c_0 from memory[at..], in the order of layout.ts. */
  setState(memory: Float64Array, at: number): void {
    const H = this.#hidden;
    let from = at;
    for (const { h } of this.#traces) {
      for (let u = 0; u < H; u++) h[u] = memory[from + u]!;
      from += H;
    }
    if (!this.#kernel.hasC) return;
    for (const { c } of this.#traces) {
      for (let u = 0; u < H; u++) c[u] = memory[from + u]!;
      from += H;
    }
  }

  /**
   * h_row, c_row into memory[at..].
   * @returns whether all of them are finite
   */
  getState(memory: Float64Array, at: number, row: number): boolean {
    const H = this.#hidden;
    let to = at;
    for (const { h } of this.#traces) {
      for (let u = 0; u < H; u++) memory[to + u] = h[row * H + u]!;
      to += H;
    }
    for (const { c } of this.#kernel.hasC ? this.#traces : []) {
      for (let u = 0; u < H; u++) memory[to + u] = c[row * H + u]!;
      to += H;
    }
    for (let i = at; i < to; i++) if (!Number.isFinite(memory[i])) return false;
    return true;
  }

  /** The layers over the first `rows` steps, without the head. */
  runLayers(w: Float64Array, rows: number): void {
    for (let l = 0; l < this.#traces.length; l++) {
      const layer = this.#layout.layers[l]!;
      for (let t = 0; t < rows; t++) this.#kernel.forward(w, layer, this.#traces[l]!, t);
    }
  }

  /** The head over the first `rows` steps: fills `p`. */
  runHead(w: Float64Array, rows: number): void {
    const { headWeight, headBias } = this.#layout;
    const O = this.#outputs;
    const H = this.#hidden;
    for (let t = 0; t < rows; t++) {
      affine(w, headWeight, headBias, O, H, this.#top.h, (t + 1) * H, this.p, t * O);
    }
  }

  /**
   * Back over the steps from `last` to the first, from `dp`; steps after `last` have no target.
   * @param dw receives ∂L/∂w [P]
   * @returns the gradient's reach, see TrainReport
   */
  backward(w: Float64Array, dw: Float64Array, last: number): number {
    const { layers, headWeight, headBias } = this.#layout;
    const O = this.#outputs;
    const H = this.#hidden;
    dw.fill(0);
    for (const { dh, dc } of this.#traces) {
      dh.fill(0);
      dc.fill(0);
    }
    let lastSquare = 0;
    for (let t = last; t >= 0; t--) {
      const { h, dh } = this.#top;
      affineBackward(w, dw, headWeight, headBias, O, H, h, (t + 1) * H, this.dp, t * O, dh);
      for (let l = layers.length - 1; l >= 0; l--) {
        // The layer above has just added its ∂L/∂x, which is this layer's ∂L/∂h.
        const trace = this.#traces[l]!;
        if (t === last) lastSquare += norm(trace.dh) ** 2;
        this.#kernel.backward(w, dw, layers[l]!, trace, t);
      }
    }
    let firstSquare = 0;
    for (const { dh } of this.#traces) firstSquare += norm(dh) ** 2;
    return lastSquare === 0 ? Number.NaN : Math.sqrt(firstSquare / lastSquare);
  }
}
