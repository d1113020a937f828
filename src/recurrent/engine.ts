/**
 * The contract of a recurrent engine. An engine owns the memory of many networks (one a series);
 * a network learns online by truncated backpropagation through time.
 *
 * Legend: I inputs, H hidden units a layer, L layers, O outputs (one a lead), T window steps.
 */

export type Cell = 'lstm' | 'gru' | 'rnn_tanh' | 'rnn_relu';

export interface NetworkShape {
  readonly cell: Cell;
  readonly inputs: number;
  readonly hidden: number;
  readonly layers: number;
  readonly outputs: number;
  /** k2: how many steps an update goes back. */
  readonly windowSteps: number;
}

export interface TrainSettings {
  readonly optimizer: 'sgd' | 'rmsprop' | 'adam';
  readonly learningRate: number;
  /** Gradients are scaled so that their global norm is at most this; 0 = never. */
  readonly clipNorm: number;
}

/** What one update did. */
export interface TrainReport {
  /** Mean squared error over the masked targets, before the update; NaN when it was skipped. */
  readonly loss: number;
  readonly gradNorm: number;
  readonly clipped: boolean;
  /** A non-finite loss or gradient: the weights were left as they were. */
  readonly skipped: boolean;
  /** ‖∂L/∂h_first‖ ÷ ‖∂L/∂h_last‖ over the window: below 1 vanishing, above 1 exploding. */
  readonly gradientReach: number;
}

/**
 * One network and its stream position. The window holds the last `windowSteps` inputs and the state
 * before the first of them, so `train` needs targets alone.
 */
export interface Network {
  readonly shape: NetworkShape;
  /** Number of weights, in the order of `weights()`. */
  readonly weightCount: number;
  /** Steps now in the window, 0..windowSteps. */
  readonly windowLength: number;
  /**
   * One step: the state moves on, the input joins the window (the oldest leaves).
   * @param x inputs [I]
   * @param out receives the head's outputs [O]
   */
  forward(x: Float64Array, out: Float64Array): void;
  /**
   * One update over the window, from its stored first state.
   * @param targets row-major [windowLength][O]; cells whose mask is 0 are not read
   * @param mask [windowLength][O], 1 = known
   */
  train(targets: Float64Array, mask: Uint8Array): TrainReport;
  /** The top layer's h after the last `forward` [H]. */
  state(out: Float64Array): void;
  /** After a long gap: state to zero, window empty; weights and moments stay. */
  restart(): void;
  /**
   * All weights in the canonical order: a layer at a time W_ih [G·H][I], W_hh [G·H][H], b_ih [G·H],
   * b_hh [G·H], then the head's W [O][H] and b [O]; gates i,f,g,o (LSTM) and r,z,n (GRU), as PyTorch.
   */
  weights(): Float64Array;
  setWeights(values: Float64Array): void;
  /** Everything: weights, moments, state, window. `load` of it continues identically. */
  save(): Uint8Array;
  /** @throws Error when the bytes are of another shape or engine. */
  load(bytes: Uint8Array): void;
  /** Gives the memory back. The network must not be used after. */
  dispose(): void;
}

export interface RecurrentEngine {
  readonly name: 'reference' | 'wasm' | 'tfjs';
  /** A network with seeded initial weights; its head starts at zero, so that it predicts 0. */
  create(shape: NetworkShape, train: TrainSettings, seed: number): Network;
}
