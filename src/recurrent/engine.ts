/**
 * The contract of a recurrent engine. An engine owns the memory of many networks (one a series);
 * a network learns online by truncated backpropagation through time.
 *
 * Legend: I inputs, H hidden units a layer, L layers, O outputs (one a lead), T window steps,
 * G gates a cell (LSTM 4, GRU 3, simple RNN 1), S values of state (LSTM 2·L·H, others L·H).
 */
import type { LinearKernel } from './linear.ts';

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

/**
 * Penalty of an error e = prediction − target, as a mean over the known targets:
 * - squared: e²;
 * - huber: e² while |e| ≤ delta, then delta·(2|e| − delta), so that one outlier cannot dominate;
 * - quantile: −τ·e below the target, (1−τ)·e above it, with one level τ an output [O].
 *
 * Or, for a series of symbols, softmax: an output a symbol, which `forward` gives as probabilities s.
 * The loss is the mean cross-entropy over the known steps, −Σ_o y_o log s_o. Targets y are
 * probabilities too, one-hot as a rule; a step's mask cells are all alike. For several leads the
 * outputs fall into equal `groups`, each a softmax of its own: read "group of a step" for "step".
 */
export type Loss =
  | { readonly kind: 'squared' }
  | { readonly kind: 'huber'; readonly delta: number }
  | { readonly kind: 'quantile'; readonly levels: readonly number[] }
  | { readonly kind: 'softmax' /** Default 1. */; readonly groups?: number };

export interface TrainSettings {
  readonly optimizer: 'sgd' | 'rmsprop' | 'adam';
  readonly learningRate: number;
  /** Gradients are scaled so that their global norm is at most this; 0 = never. */
  readonly clipNorm: number;
  /** Each gradient is limited to ±this, before clipNorm; 0 = never. Default 0. */
  readonly clipValue?: number;
  /** Decoupled weight decay (AdamW): weights shrink by learningRate · this an update. Default 0. */
  readonly weightDecay?: number;
  /** Default squared. */
  readonly loss?: Loss;
}

/** How the weights begin. */
export interface InitialSettings {
  /**
   * The longest lag to be learnt, in steps: units get gate biases that remember for from about one
   * step up to this long; see initial.ts. LSTM and GRU only. Default: the LSTM's forget bias is 1,
   * the GRU's biases are 0, which suits lags of up to about ten steps.
   */
  readonly memorySteps?: number;
}

/** What one update did. */
export interface TrainReport {
  /** Mean loss over the known targets, before the update; NaN when it was skipped. */
  readonly loss: number;
  /** Global norm before any clipping; may be infinite or NaN when the update was skipped. */
  readonly gradNorm: number;
  /** Global norm after clipping; NaN when the update was skipped. */
  readonly clippedNorm: number;
  /** Whether clipNorm or clipValue changed the gradient. */
  readonly clipped: boolean;
  /** No known target, or a non-finite loss or gradient: weights and moments are as they were. */
  readonly skipped: boolean;
  /**
   * ‖∂L/∂h_first‖ ÷ ‖∂L/∂h_last‖: below 1 vanishing, above 1 exploding. h_first is the stored state
   * before the window, h_last the h of the last step with a known target; norms over all layers.
   * NaN when the latter is zero (as before the head has learnt anything) or the update was skipped.
   */
  readonly gradientReach: number;
}

/**
 * One network and its stream position. The window holds the last `windowSteps` inputs and the state
 * before the first of them, so `train` needs targets alone.
 *
 * Two states are kept. The *running* state moves on with every `forward` and is never changed after
 * the fact: what was forecast stays reproducible. The *stored* state is the one before the window;
 * it moves on when the oldest input leaves the window, by one step with the weights of that moment.
 * So it costs one state a network rather than one a window step, and is less stale than a copy of
 * the old running state would be.
 */
export interface Network {
  readonly shape: NetworkShape;
  /** Number of weights, in the order of `weights()`. */
  readonly weightCount: number;
  /** Steps now in the window, 0..windowSteps. */
  readonly windowLength: number;
  /**
   * One step: the state moves on, the input joins the window (the oldest leaves).
   * A non-finite input is read as 0, so that it cannot poison the state. A state that overflows
   * all the same (a simple ReLU network can) starts again from zero.
   * @param x inputs [I]
   * @param out receives the head's outputs [O]
   */
  forward(x: Float64Array, out: Float64Array): void;
  /**
   * One update: over the window from the stored state with the present weights, and back. The
   * running and the stored state stay as they are.
   * @param targets row-major [windowLength][O]; cells whose mask is 0 are not read
   * @param mask [windowLength][O], 1 = known
   * @param learningRate of this update in place of the settings' (a schedule is the caller's)
   */
  train(targets: Float64Array, mask: Uint8Array, learningRate?: number): TrainReport;
  /** The top layer's h after the last `forward` [H]. */
  state(out: Float64Array): void;
  /** After a long gap: state to zero, window empty; weights and moments stay. */
  restart(): void;
  /**
   * All weights in the canonical order: a layer at a time W_ih [G·H][I], W_hh [G·H][H], b_ih [G·H],
   * b_hh [G·H], then the head's W [O][H] and b [O]; gates i,f,g,o (LSTM) and r,z,n (GRU), as PyTorch.
   * A copy.
   */
  weights(): Float64Array;
  /** Replaces the weights; moments, states and window stay. @throws Error on a wrong length or NaN. */
  setWeights(values: Float64Array): void;
  /** Everything: weights, moments, state, window. `load` of it continues identically. */
  save(): Uint8Array;
  /** @throws Error when the bytes are of another shape or engine; then nothing has changed. */
  load(bytes: Uint8Array): void;
  /** Gives the memory back. The network must not be used after. */
  dispose(): void;
}

export interface RecurrentEngine {
  readonly name: 'reference' | 'wasm' | 'tfjs';
  /** The arithmetic of linear filters, where the engine has its own; the results are the same. */
  readonly linear?: LinearKernel;
  /**
   * A network with seeded initial weights; its head starts at zero, so that it predicts 0.
   * @throws Error when the shape or the settings are out of range
   */
  create(
    shape: NetworkShape,
    train: TrainSettings,
    seed: number,
    initial?: InitialSettings,
  ): Network;
}

/** A network open to inspection: what tests, weight export and health metrics need besides. */
export interface OpenNetwork extends Network {
  /** Non-finite inputs that were read as 0, since creation. */
  readonly replacedInputs: number;
  /** States that overflowed and were started again from zero, since creation. */
  readonly stateResets: number;
  /** The running state [S]: h of every layer [L][H], then c of every layer [L][H] (LSTM). A copy. */
  fullState(): Float64Array;
  /** Sets the running and the stored state [S] and empties the window. */
  setFullState(values: Float64Array): void;
  /**
   * The gradient of the last `train`, before clipping, in the order of `weights()`. A copy.
   * @throws Error when another network of the engine has been trained since
   */
  gradients(): Float64Array;
}

export interface OpenEngine extends RecurrentEngine {
  create(
    shape: NetworkShape,
    train: TrainSettings,
    seed: number,
    initial?: InitialSettings,
  ): OpenNetwork;
}
