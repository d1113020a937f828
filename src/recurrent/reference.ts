/**
 * The reference engine: plain float64 TypeScript, written to be read. It is the truth that faster
 * engines are tested against. Read layout.ts for where things lie, bptt.ts for the passes, cells/
 * for the equations, head.ts for the loss and optimizer.ts for the step.
 *
 * A network's own memory is one flat array; the buffers of a pass are shared by all networks of one
 * shape, since only one of them computes at a time. Nothing is allocated a step but the report.
 */
import { Unrolled } from './bptt.ts';
import { checkLength, checkRate, checkValues } from './check.ts';
import type {
  InitialSettings,
  NetworkShape,
  OpenEngine,
  OpenNetwork,
  TrainReport,
  TrainSettings,
} from './engine.ts';
import { lastKnownRow, maskedLoss, SQUARED, skippedReport, toProbabilities } from './head.ts';
import { initialWeights } from './initial.ts';
import {
  checkInitial,
  checkSettings,
  checkShape,
  memoryLayout,
  stateCount,
  weightLayout,
} from './layout.ts';
import { norm, update } from './optimizer.ts';
import { type Counters, REFERENCE_FORM, readSnapshot, writeSnapshot } from './snapshot.ts';

/** Buffers shared by the networks of one shape. */
class Scratch {
  users = 0;
  /** Whose gradient is in `dw`. */
  owner: ReferenceNetwork | undefined;
  readonly step: Unrolled;
  readonly window: Unrolled;
  /** [P] */
  readonly dw: Float64Array;

  constructor(shape: NetworkShape) {
    this.step = new Unrolled(shape, 1);
    this.window = new Unrolled(shape, shape.windowSteps);
    this.dw = new Float64Array(weightLayout(shape).count);
  }
}

class ReferenceNetwork implements OpenNetwork {
  readonly shape: NetworkShape;
  readonly weightCount: number;
  readonly #settings: TrainSettings;
  readonly #scratch: Scratch;
  readonly #release: () => void;
  /** See layout.ts; the next six are views of it. */
  readonly #memory: Float64Array;
  /** [P] */
  readonly #w: Float64Array;
  /** [P], or empty */
  readonly #meanSquare: Float64Array;
  /** [P], or empty */
  readonly #mean: Float64Array;
  /** Running state [S]. */
  readonly #state: Float64Array;
  /** State before the window [S]. */
  readonly #stored: Float64Array;
  /** Ring of inputs [T][I]. */
  readonly #inputs: Float64Array;
  #counters: Counters = {
    windowLength: 0,
    windowStart: 0,
    updates: 0,
    replacedInputs: 0,
    stateResets: 0,
  };

  constructor(
    shape: NetworkShape,
    settings: TrainSettings,
    weights: Float64Array,
    scratch: Scratch,
    release: () => void,
  ) {
    const at = memoryLayout(shape, settings.optimizer);
    this.shape = shape;
    this.weightCount = weightLayout(shape).count;
    this.#settings = settings;
    this.#scratch = scratch;
    this.#release = release;
    this.#memory = new Float64Array(at.count);
    this.#w = this.#memory.subarray(at.weights, at.meanSquare);
    this.#meanSquare = this.#memory.subarray(at.meanSquare, at.mean);
    this.#mean = this.#memory.subarray(at.mean, at.state);
    this.#state = this.#memory.subarray(at.state, at.stored);
    this.#stored = this.#memory.subarray(at.stored, at.inputs);
    this.#inputs = this.#memory.subarray(at.inputs, at.count);
    this.#w.set(weights);
  }

  get windowLength(): number {
    return this.#counters.windowLength;
  }

  get replacedInputs(): number {
    return this.#counters.replacedInputs;
  }

  get stateResets(): number {
    return this.#counters.stateResets;
  }

  forward(x: Float64Array, out: Float64Array): void {
    checkLength('forward', 'inputs', x.length, this.shape.inputs);
    checkLength('forward', 'outputs', out.length, this.shape.outputs);
    const row = this.#push(x);
    this.#advance(this.#state, row);
    const { step } = this.#scratch;
    step.runHead(this.#w, 1);
    toProbabilities(this.#settings.loss, step.p, out.length);
    for (let o = 0; o < out.length; o++) out[o] = step.p[o]!;
  }

  /** Lets x join the window, and the oldest input leave a full one. Returns its row in the ring. */
  #push(x: Float64Array): number {
    const { inputs, windowSteps } = this.shape;
    const counters = this.#counters;
    if (counters.windowLength === windowSteps) {
      this.#advance(this.#stored, counters.windowStart);
      counters.windowStart = (counters.windowStart + 1) % windowSteps;
      counters.windowLength--;
    }
    const row = (counters.windowStart + counters.windowLength) % windowSteps;
    counters.windowLength++;
    for (let k = 0; k < inputs; k++) {
      const finite = Number.isFinite(x[k]);
      if (!finite) counters.replacedInputs++;
      this.#inputs[row * inputs + k] = finite ? x[k]! : 0;
    }
    return row;
  }

  /** Moves a state [S] on by the input in a row of the ring. */
  #advance(state: Float64Array, row: number): void {
    const { inputs } = this.shape;
    const { step } = this.#scratch;
    for (let k = 0; k < inputs; k++) step.x[k] = this.#inputs[row * inputs + k]!;
    step.setState(state, 0);
    step.runLayers(this.#w, 1);
    if (step.getState(state, 0, 1)) return;
    // Overflow: forget the past, and see this input alone.
    this.#counters.stateResets++;
    state.fill(0);
    step.setState(state, 0);
    step.runLayers(this.#w, 1);
    if (!step.getState(state, 0, 1)) state.fill(0);
  }

  train(
    targets: Float64Array,
    mask: Uint8Array,
    learningRate = this.#settings.learningRate,
  ): TrainReport {
    const rows = this.#counters.windowLength;
    const { outputs } = this.shape;
    checkLength('train', 'targets', targets.length, rows * outputs);
    checkLength('train', 'mask cells', mask.length, rows * outputs);
    checkRate(learningRate);
    const { window, dw } = this.#scratch;
    this.#scratch.owner = this;
    const last = lastKnownRow(mask, rows, outputs);

    this.#copyInputs(window.x);
    window.setState(this.#stored, 0);
    window.runLayers(this.#w, rows);
    window.runHead(this.#w, rows);
    const lossKind = this.#settings.loss ?? SQUARED;
    const loss = maskedLoss(lossKind, window.p, targets, mask, rows, outputs, window.dp);
    const gradientReach = window.backward(this.#w, dw, last);
    const gradNorm = norm(dw);
    if (!Number.isFinite(loss) || !Number.isFinite(gradNorm)) {
      return skippedReport(gradNorm);
    }

    this.#counters.updates++;
    const clippedNorm = update(
      this.#settings,
      learningRate,
      this.#w,
      dw,
      this.#meanSquare,
      this.#mean,
      this.#counters.updates,
      gradNorm,
    );
    const clipped = clippedNorm !== gradNorm;
    return { loss, gradNorm, clippedNorm, clipped, skipped: false, gradientReach };
  }

  /** The window's inputs, oldest first, out of the ring. */
  #copyInputs(x: Float64Array): void {
    const { inputs, windowSteps } = this.shape;
    const { windowStart, windowLength } = this.#counters;
    for (let t = 0; t < windowLength; t++) {
      const row = (windowStart + t) % windowSteps;
      for (let k = 0; k < inputs; k++) x[t * inputs + k] = this.#inputs[row * inputs + k]!;
    }
  }

  state(out: Float64Array): void {
    const { hidden, layers } = this.shape;
    checkLength('state', 'values', out.length, hidden);
    const top = (layers - 1) * hidden;
    for (let u = 0; u < hidden; u++) out[u] = this.#state[top + u]!;
  }

  fullState(): Float64Array {
    return this.#state.slice();
  }

  setFullState(values: Float64Array): void {
    checkValues('setFullState', values, stateCount(this.shape));
    this.restart();
    this.#state.set(values);
    this.#stored.set(values);
  }

  restart(): void {
    this.#state.fill(0);
    this.#stored.fill(0);
    // Equal histories shall be equal bytes: nothing of the old window stays.
    this.#inputs.fill(0);
    this.#counters.windowLength = 0;
    this.#counters.windowStart = 0;
  }

  weights(): Float64Array {
    return this.#w.slice();
  }

  setWeights(values: Float64Array): void {
    checkValues('setWeights', values, this.weightCount);
    this.#w.set(values);
  }

  gradients(): Float64Array {
    if (this.#scratch.owner !== this) {
      throw new Error('gradients: this network was not the last of its shape to be trained');
    }
    return this.#scratch.dw.slice();
  }

  save(): Uint8Array {
    const { optimizer } = this.#settings;
    return writeSnapshot(REFERENCE_FORM, this.shape, optimizer, this.#counters, this.#memory);
  }

  load(bytes: Uint8Array): void {
    const { optimizer } = this.#settings;
    this.#counters = readSnapshot(REFERENCE_FORM, bytes, this.shape, optimizer, this.#memory);
  }

  dispose(): void {
    if (this.#scratch.owner === this) this.#scratch.owner = undefined;
    this.#release();
  }
}

class ReferenceEngine implements OpenEngine {
  readonly name = 'reference';
  /** By shape; an entry lives as long as a network that uses it. */
  readonly #scratches = new Map<string, Scratch>();

  create(
    shape: NetworkShape,
    train: TrainSettings,
    seed: number,
    initial: InitialSettings = {},
  ): OpenNetwork {
    checkShape(shape);
    checkSettings(shape, train);
    checkInitial(shape, initial);
    const weights = initialWeights(shape, seed, initial);
    const { cell, inputs, hidden, layers, outputs, windowSteps } = shape;
    const key = [cell, inputs, hidden, layers, outputs, windowSteps].join(' ');
    const scratch = this.#scratches.get(key) ?? new Scratch(shape);
    this.#scratches.set(key, scratch);
    scratch.users++;
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      scratch.users--;
      if (scratch.users === 0) this.#scratches.delete(key);
    };
    return new ReferenceNetwork(shape, train, weights, scratch, release);
  }
}

/** Networks in plain float64 TypeScript; slow, exact, and readable. */
export function createReferenceEngine(): OpenEngine {
  return new ReferenceEngine();
}
