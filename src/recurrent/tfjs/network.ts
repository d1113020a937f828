import { checkLength, checkRate, checkValues } from '../check.ts';
import type { NetworkShape, OpenNetwork, TrainReport, TrainSettings } from '../engine.ts';
import { lastKnownRow, SQUARED, skippedReport, toProbabilities } from '../head.ts';
import { type MemoryLayout, memoryLayout, stateCount, weightLayout } from '../layout.ts';
import { clipping, norm } from '../optimizer.ts';
import { type Counters, readSnapshot, TFJS_FORM, writeSnapshot } from '../snapshot.ts';
import type { State } from './cells.ts';
import { type Learned, update } from './optimizer.ts';
import type { Tensor2D, Tf, Variable } from './tf.ts';
import { maskedLoss, unroll } from './window.ts';

const FLOAT32_MAX = 3.4028234663852886e38;

/** Shared by the networks of one shape: what derivatives are taken by, besides the weights. */
export class Scratch {
  users = 0;
  /** Whose gradient is in `dw`. */
  owner: TfjsNetwork | undefined;
  /** ∂L/∂w of the last training [P]. */
  dw = new Float32Array(0);
  /** h before the window [L][H]. */
  readonly first: Variable;
  /** Zeros [L][H], added to the last h. */
  readonly probe: Variable;

  constructor(tf: Tf, { layers, hidden }: NetworkShape) {
    const zeros = (): Variable => tf.tidy(() => tf.variable(tf.zeros([layers, hidden])));
    this.first = zeros();
    this.probe = zeros();
  }

  dispose(): void {
    this.first.dispose();
    this.probe.dispose();
  }
}

/**
 * Weights and moments are tensors, flat in the order of layout.ts, and stay on TensorFlow's side.
 * States and the window's inputs are small and have to be read after every step: they are arrays.
 */
export class TfjsNetwork implements OpenNetwork {
  readonly shape: NetworkShape;
  readonly weightCount: number;
  readonly #tf: Tf;
  readonly #settings: TrainSettings;
  readonly #scratch: Scratch;
  readonly #release: () => void;
  readonly #learned: Learned;
  readonly #layout: MemoryLayout;
  /** Running state [S]. */
  readonly #state: Float32Array;
  /** State before the window [S]. */
  readonly #stored: Float32Array;
  /** Ring of inputs [T][I]. */
  readonly #inputs: Float32Array;
  #counters: Counters = {
    windowLength: 0,
    windowStart: 0,
    updates: 0,
    replacedInputs: 0,
    stateResets: 0,
  };
  #disposed = false;

  constructor(
    tf: Tf,
    shape: NetworkShape,
    settings: TrainSettings,
    weights: Float64Array,
    scratch: Scratch,
    release: () => void,
  ) {
    this.shape = shape;
    this.weightCount = weightLayout(shape).count;
    this.#tf = tf;
    this.#settings = settings;
    this.#scratch = scratch;
    this.#release = release;
    this.#layout = memoryLayout(shape, settings.optimizer);
    const states = stateCount(shape);
    this.#state = new Float32Array(states);
    this.#stored = new Float32Array(states);
    this.#inputs = new Float32Array(shape.windowSteps * shape.inputs);
    const { optimizer } = settings;
    const flat = (values: Float32Array): Variable =>
      tf.tidy(() => tf.variable(tf.tensor1d(values)));
    const zeros = (): Variable => flat(new Float32Array(this.weightCount));
    this.#learned = {
      w: flat(Float32Array.from(weights)),
      s: optimizer === 'sgd' ? undefined : zeros(),
      m: optimizer === 'adam' ? zeros() : undefined,
    };
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
    out.set(this.#advance(this.#state, row));
    toProbabilities(this.#settings.loss, out, out.length);
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
      const value = finite ? x[k]! : 0;
      this.#inputs[row * inputs + k] = Math.min(Math.max(value, -FLOAT32_MAX), FLOAT32_MAX);
    }
    return row;
  }

  /** Moves a state [S] on by the input in a row of the ring. Returns the head's outputs [O]. */
  #advance(state: Float32Array, row: number): Float32Array {
    const first = this.#step(state, row);
    if (allFinite(first.state)) {
      state.set(first.state);
      return first.outputs;
    }
    // Overflow: forget the past, and see this input alone.
    this.#counters.stateResets++;
    const second = this.#step(state.fill(0), row);
    if (allFinite(second.state)) state.set(second.state);
    return second.outputs;
  }

  #step(state: Float32Array, row: number): { state: Float32Array; outputs: Float32Array } {
    const tf = this.#tf;
    const { inputs } = this.shape;
    const values = tf.tidy(() => {
      const x = tf.tensor2d(this.#inputs.slice(row * inputs, (row + 1) * inputs), [1, inputs]);
      const before = this.#states(state);
      const { predictions, states } = unroll(tf, this.shape, this.#learned.w, x, before);
      const cs = states.flatMap(({ c }) => (c === undefined ? [] : [c]));
      const all = tf.concat([...states.map(({ h }) => h), ...cs, predictions], 1);
      return all.dataSync<'float32'>();
    });
    return { state: values.slice(0, state.length), outputs: values.slice(state.length) };
  }

  /** A state [S] as tensors; the h of layer l from `hs` [L][H], where that is given. */
  #states(state: Float32Array, hs?: Tensor2D): State[] {
    const tf = this.#tf;
    const { layers, hidden, cell } = this.shape;
    const part = (l: number): Tensor2D =>
      tf.tensor2d(state.slice(l * hidden, (l + 1) * hidden), [1, hidden]);
    return Array.from({ length: layers }, (_, l) => ({
      h: hs === undefined ? part(l) : tf.slice(hs, [l, 0], [1, hidden]),
      c: cell === 'lstm' ? part(layers + l) : undefined,
    }));
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
    // Steps after the last known target change neither the loss nor the gradient.
    const steps = lastKnownRow(mask, rows, outputs) + 1;
    if (steps === 0) return skippedReport(Number.NaN);
    let report = skippedReport(Number.NaN);
    this.#tf.tidy(() => {
      report = this.#update(targets, mask, steps, learningRate);
    });
    return report;
  }

  #update(
    targets: Float64Array,
    mask: Uint8Array,
    steps: number,
    learningRate: number,
  ): TrainReport {
    const { value, grads } = this.#differentiate(targets, mask, steps);
    const loss = value.dataSync()[0]!;
    const { w } = this.#learned;
    const { first, probe } = this.#scratch;
    this.#scratch.owner = this;
    this.#scratch.dw = grads[w.name]!.dataSync<'float32'>().slice();
    const gradNorm = norm(this.#scratch.dw);
    if (!Number.isFinite(loss) || !Number.isFinite(gradNorm)) return skippedReport(gradNorm);

    const clip = clipping(this.#settings, this.#scratch.dw, gradNorm);
    this.#counters.updates++;
    const { updates } = this.#counters;
    update(this.#tf, this.#settings, learningRate, this.#learned, grads[w.name]!, clip, updates);
    const lastNorm = norm(grads[probe.name]!.dataSync<'float32'>());
    const firstNorm = norm(grads[first.name]!.dataSync<'float32'>());
    const gradientReach = lastNorm === 0 ? Number.NaN : firstNorm / lastNorm;
    const { clippedNorm } = clip;
    const clipped = clippedNorm !== gradNorm;
    return { loss, gradNorm, clippedNorm, clipped, skipped: false, gradientReach };
  }

  /** The loss over the first `steps` of the window, and its derivatives. */
  #differentiate(
    targets: Float64Array,
    mask: Uint8Array,
    steps: number,
  ): ReturnType<Tf['variableGrads']> {
    const tf = this.#tf;
    const { layers, hidden, outputs } = this.shape;
    const { first, probe } = this.#scratch;
    const { w } = this.#learned;
    const kind = this.#settings.loss ?? SQUARED;
    const cells = steps * outputs;
    // A group's symbol is known when its first cell is.
    const size = kind.kind === 'softmax' ? outputs / (kind.groups ?? 1) : 1;
    const isKnown = (cell: number): boolean => mask[cell - (cell % size)] !== 0;
    const weights = new Float32Array(cells).map((_, cell) => (isKnown(cell) ? 1 : 0));
    const y = weights.map((weight, cell) => (weight === 0 ? 0 : targets[cell]!));
    const known = weights.reduce((sum, weight) => sum + weight, 0);
    const h = this.#stored.slice(0, layers * hidden);
    first.assign(tf.tensor2d(h, [layers, hidden]));
    return tf.variableGrads(() => {
      const x = this.#windowInputs(steps);
      const before = this.#states(this.#stored, first as unknown as Tensor2D);
      const zeros = probe as unknown as Tensor2D;
      const { predictions } = unroll(tf, this.shape, w, x, before, zeros);
      const yTensor = tf.tensor2d(y, [steps, outputs]);
      const maskTensor = tf.tensor2d(weights, [steps, outputs]);
      return maskedLoss(tf, kind, predictions, yTensor, maskTensor, known);
    }, [w, first, probe]);
  }

  /** The first `steps` inputs of the window [steps][I], oldest first, out of the ring. */
  #windowInputs(steps: number): Tensor2D {
    const { inputs, windowSteps } = this.shape;
    const x = new Float32Array(steps * inputs);
    for (let t = 0; t < steps; t++) {
      const row = (this.#counters.windowStart + t) % windowSteps;
      x.set(this.#inputs.subarray(row * inputs, (row + 1) * inputs), t * inputs);
    }
    return this.#tf.tensor2d(x, [steps, inputs]);
  }

  state(out: Float64Array): void {
    const { hidden, layers } = this.shape;
    checkLength('state', 'values', out.length, hidden);
    out.set(this.#state.subarray((layers - 1) * hidden, layers * hidden));
  }

  fullState(): Float64Array {
    return Float64Array.from(this.#state);
  }

  setFullState(values: Float64Array): void {
    checkValues('setFullState', single(values), stateCount(this.shape));
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
    return Float64Array.from(this.#learned.w.dataSync());
  }

  setWeights(values: Float64Array): void {
    checkValues('setWeights', single(values), this.weightCount);
    this.#assign(this.#learned.w, Float32Array.from(values));
  }

  #assign(variable: Variable, values: Float32Array): void {
    const tf = this.#tf;
    tf.tidy(() => variable.assign(tf.tensor1d(values)));
  }

  gradients(): Float64Array {
    if (this.#scratch.owner !== this) {
      throw new Error('gradients: this network was not the last of its shape to be trained');
    }
    return Float64Array.from(this.#scratch.dw);
  }

  save(): Uint8Array {
    const memory = new Float32Array(this.#layout.count);
    for (const [at, variable] of this.#variables()) memory.set(variable.dataSync(), at);
    memory.set(this.#state, this.#layout.state);
    memory.set(this.#stored, this.#layout.stored);
    memory.set(this.#inputs, this.#layout.inputs);
    const { optimizer } = this.#settings;
    return writeSnapshot(TFJS_FORM, this.shape, optimizer, this.#counters, memory);
  }

  load(bytes: Uint8Array): void {
    const at = this.#layout;
    const memory = new Float32Array(at.count);
    const { optimizer } = this.#settings;
    this.#counters = readSnapshot(TFJS_FORM, bytes, this.shape, optimizer, memory);
    for (const [from, variable] of this.#variables()) {
      this.#assign(variable, memory.slice(from, from + this.weightCount));
    }
    this.#state.set(memory.subarray(at.state, at.stored));
    this.#stored.set(memory.subarray(at.stored, at.inputs));
    this.#inputs.set(memory.subarray(at.inputs));
  }

  /** With their offsets in the saved memory. */
  #variables(): (readonly [at: number, variable: Variable])[] {
    const { w, s, m } = this.#learned;
    const { weights, meanSquare, mean } = this.#layout;
    const all = [[weights, w] as const];
    if (s !== undefined) all.push([meanSquare, s]);
    if (m !== undefined) all.push([mean, m]);
    return all;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const [, variable] of this.#variables()) variable.dispose();
    if (this.#scratch.owner === this) this.#scratch.owner = undefined;
    this.#release();
  }
}

function allFinite(values: Float32Array): boolean {
  return values.every(Number.isFinite);
}

/** As float32 holds them: what overflows is to be refused as infinite. */
function single(values: Float64Array): Float64Array {
  return values.map(Math.fround);
}
