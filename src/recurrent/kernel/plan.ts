/**
 * Where a network's values and the buffers of a pass lie. The host fills these tables once a shape
 * (see ../kernel-layout.ts, which names the same fields in the same order); here they are read.
 *
 * Legend: I inputs of the layer, H hidden units rounded up to a multiple of 4, U = H ÷ 4, G gates,
 * O outputs, T steps. Columns lie unit-major: [U][G][4 lanes], so that all gates of four units are
 * neighbours; V vectors a row are U·G, rounded up to an even number. `width` is the panel's, see
 * product.ts. All fields are 4 bytes; offsets and strides are in bytes.
 */

/** Bytes of the counters at the start of a network's block. */
@unmanaged
export class Counters {
  windowLength: i32;
  windowStart: i32;
  updates: i32;
  replacedInputs: i32;
  stateResets: i32;
}

@unmanaged
export class Layer {
  inputs: i32;
  /** In the network's block: panels of rows [b_ih | x I | h H | b_hh]. */
  weights: usize;
  /** From one panel to the next. */
  panelStride: usize;
  /** h in the inputs of the products, [T+1][x I | h H]; row t holds x_t and h_{t−1}. */
  a: usize;
  aStride: usize;
  /** Sums, then gates, then their gradients [T][V]; GRU: the input side. */
  z: usize;
  /** GRU: the same of the hidden side [T][V]. */
  zHidden: usize;
  /** LSTM: c [T+1][H], row 0 before the window; and tanh(c) [T][H]. */
  c: usize;
  tanhC: usize;
  /** ∂L/∂h [T+1][H]; row 0 for the stored state. */
  d: usize;
}

@unmanaged
export class Plan {
  cell: i32;
  layers: i32;
  inputs: i32;
  hidden: i32;
  vectors: i32;
  width: i32;
  zStride: usize;
  windowSteps: i32;
  outputs: i32;
  headVectors: i32;
  headWidth: i32;
  /** Panels of rows [O], columns [H]; then b [O]. Offsets in the network's block. */
  headWeights: usize;
  headBias: usize;
  headStride: usize;
  /** ∂L/∂h: from one step to the next; H and perhaps a vector more, of zeros, as the head's. */
  dStride: usize;
  /** Predictions: from one step to the next; O rounded up to a multiple of 4. */
  yStride: usize;
  weights: usize;
  weightBytes: usize;
  meanSquare: usize;
  mean: usize;
  /** h [L][H], c [L][H]: running, and before the window. */
  state: usize;
  stored: usize;
  /** Ring [T][I]. */
  ring: usize;
  /** Buffers: sum of both biases [V], ∂L/∂c [H], predictions and their gradient [T][O]. */
  bias: usize;
  dc: usize;
  y: usize;
  gradient: usize;
  /** Handed over by the host: x [I], targets [T][O] f32, mask [T][O] u8, quantile levels [O]. */
  x: usize;
  targets: usize;
  mask: usize;
  levels: usize;
  rule: usize;
  report: usize;
}

/** How to learn; see TrainSettings in ../engine.ts. 0 = off, as there. */
@unmanaged
export class Rule {
  optimizer: i32;
  loss: i32;
  /** Huber: where squares end. */
  delta: f32;
  clipNorm: f32;
  clipValue: f32;
  learningRate: f32;
  weightDecay: f32;
  /** Adam: 1 − β₁ⁿ and 1 − β₂ⁿ. */
  meanCorrection: f32;
  squareCorrection: f32;
  /** Softmax: outputs of a group. */
  group: i32;
}

/** What an update did. */
@unmanaged
export class Report {
  loss: f64;
  gradNorm: f64;
  clippedNorm: f64;
  reach: f64;
}

export const LSTM = 0;
export const GRU = 1;
export const RNN_TANH = 2;
export const RNN_RELU = 3;

@inline
export function layerOf(plan: Plan, l: i32): Layer {
  return changetype<Layer>(changetype<usize>(plan) + offsetof<Plan>() + l * offsetof<Layer>());
}
