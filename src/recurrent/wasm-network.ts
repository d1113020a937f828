import { checkLength, checkRate, checkValues } from './check.ts';
import type { Loss, NetworkShape, OpenNetwork, TrainReport, TrainSettings } from './engine.ts';
import { lastKnownRow, SQUARED, skippedReport } from './head.ts';
import { COUNTER_FIELDS } from './kernel-layout.ts';
import { memoryLayout, OPTIMIZERS, stateCount, weightLayout } from './layout.ts';
import { ADAM } from './optimizer.ts';
import { type Counters, readSnapshot, WASM_FORM, writeSnapshot } from './snapshot.ts';
import type { SharedPlan, WasmEngine } from './wasm.ts';

/** In the order of the constants of kernel/head.ts. */
const LOSSES: readonly Loss['kind'][] = ['squared', 'huber', 'quantile', 'softmax'];

/** A network in the engine's memory: all that is kept here is where it lies. */
export class WasmNetwork implements OpenNetwork {
  readonly shape: NetworkShape;
  readonly weightCount: number;
  readonly #engine: WasmEngine;
  readonly #plan: SharedPlan;
  readonly #address: number;
  readonly #settings: TrainSettings;
  readonly #release: () => void;
  #disposed = false;

  constructor(
    engine: WasmEngine,
    plan: SharedPlan,
    address: number,
    shape: NetworkShape,
    settings: TrainSettings,
    release: () => void,
  ) {
    this.#engine = engine;
    this.#plan = plan;
    this.#address = address;
    this.shape = shape;
    this.#settings = settings;
    this.#release = release;
    this.weightCount = weightLayout(shape).count;
  }

  get windowLength(): number {
    return this.#counter('windowLength');
  }

  get replacedInputs(): number {
    return this.#counter('replacedInputs');
  }

  get stateResets(): number {
    return this.#counter('stateResets');
  }

  #counter(name: (typeof COUNTER_FIELDS)[number]): number {
    return this.#engine.memory.i32[this.#address / 4 + COUNTER_FIELDS.indexOf(name)]!;
  }

  forward(x: Float64Array, out: Float64Array): void {
    checkLength('forward', 'inputs', x.length, this.shape.inputs);
    checkLength('forward', 'outputs', out.length, this.shape.outputs);
    const { f32 } = this.#engine.memory;
    const { at, address } = this.#plan;
    f32.set(x, at.x / 4);
    this.#engine.kernel.forward(address, this.#address, this.#softmaxGroup);
    for (let o = 0; o < out.length; o++) out[o] = f32[at.y / 4 + o]!;
  }

  /** Outputs that make up a softmax; 0: none do. */
  get #softmaxGroup(): number {
    const { loss } = this.#settings;
    return loss?.kind === 'softmax' ? this.shape.outputs / (loss.groups ?? 1) : 0;
  }

  train(
    targets: Float64Array,
    mask: Uint8Array,
    learningRate = this.#settings.learningRate,
  ): TrainReport {
    const { outputs } = this.shape;
    const cells = this.windowLength * outputs;
    checkLength('train', 'targets', targets.length, cells);
    checkLength('train', 'mask cells', mask.length, cells);
    checkRate(learningRate);
    const { memory, kernel } = this.#engine;
    const plan = this.#plan;
    const steps = lastKnownRow(mask, this.windowLength, outputs) + 1;
    if (steps === 0) return skippedReport(0);

    plan.owner = this;
    memory.f32.set(targets, plan.at.targets / 4);
    memory.u8.set(mask, plan.at.mask);
    const updates = this.#counter('updates') + 1;
    this.#writeRule(learningRate, updates);
    const done = kernel.train(plan.address, this.#address, steps);
    const report = plan.at.report / 8;
    const gradNorm = memory.f64[report + 1]!;
    if (done === 0) return skippedReport(gradNorm);
    memory.i32[this.#address / 4 + COUNTER_FIELDS.indexOf('updates')] = updates;
    return {
      loss: memory.f64[report]!,
      gradNorm,
      clippedNorm: memory.f64[report + 2]!,
      clipped: done === 2,
      skipped: false,
      gradientReach: memory.f64[report + 3]!,
    };
  }

  /** The struct Rule of kernel/plan.ts, field by field. */
  #writeRule(learningRate: number, updates: number): void {
    const { i32, f32 } = this.#engine.memory;
    const { at } = this.#plan;
    const { optimizer, clipNorm, clipValue = 0, weightDecay = 0, loss } = this.#settings;
    const rule = at.rule / 4;
    i32[rule] = OPTIMIZERS.indexOf(optimizer);
    i32[rule + 1] = LOSSES.indexOf((loss ?? SQUARED).kind);
    f32[rule + 2] = loss?.kind === 'huber' ? loss.delta : 0;
    f32[rule + 3] = clipNorm;
    f32[rule + 4] = clipValue;
    f32[rule + 5] = learningRate;
    f32[rule + 6] = weightDecay;
    f32[rule + 7] = 1 - ADAM.beta1 ** updates;
    f32[rule + 8] = 1 - ADAM.beta2 ** updates;
    i32[rule + 9] = this.#softmaxGroup;
    if (loss?.kind === 'quantile') f32.set(loss.levels, at.levels / 4);
  }

  state(out: Float64Array): void {
    const { hidden, layers } = this.shape;
    checkLength('state', 'values', out.length, hidden);
    const { block } = this.#plan;
    const top = (this.#address + block.state) / 4 + (layers - 1) * block.hidden;
    for (let u = 0; u < hidden; u++) out[u] = this.#engine.memory.f32[top + u]!;
  }

  fullState(): Float64Array {
    const { state, stored } = this.#canonical;
    return this.#gather(new Float64Array(stored - state), state);
  }

  setFullState(values: Float64Array): void {
    checkValues('setFullState', single(values), stateCount(this.shape));
    this.restart();
    const { state, stored } = this.#canonical;
    this.#scatter(values, state);
    this.#scatter(values, stored);
  }

  restart(): void {
    const { memory } = this.#engine;
    const { block } = this.#plan;
    // Equal histories shall be equal bytes: nothing of the old window stays.
    memory.u8.fill(0, this.#address + block.state, this.#address + block.bytes);
    const counters = this.#address / 4;
    memory.i32[counters + COUNTER_FIELDS.indexOf('windowLength')] = 0;
    memory.i32[counters + COUNTER_FIELDS.indexOf('windowStart')] = 0;
  }

  weights(): Float64Array {
    return this.#gather(new Float64Array(this.weightCount), 0);
  }

  setWeights(values: Float64Array): void {
    checkValues('setWeights', single(values), this.weightCount);
    this.#scatter(values, 0);
  }

  gradients(): Float64Array {
    const { owner, at, block } = this.#plan;
    if (owner !== this) {
      throw new Error('gradients: this network was not the last of its shape to be trained');
    }
    const from = (at.gradient - block.weights) / 4;
    const { f32 } = this.#engine.memory;
    return new Float64Array(this.weightCount).map((_, j) => f32[from + block.places[j]!]!);
  }

  save(): Uint8Array {
    const counters = Object.fromEntries(
      COUNTER_FIELDS.map((name) => [name, this.#counter(name)]),
    ) as unknown as Counters;
    const values = this.#gather(new Float32Array(this.#canonical.count), 0);
    return writeSnapshot(WASM_FORM, this.shape, this.#settings.optimizer, counters, values);
  }

  load(bytes: Uint8Array): void {
    const values = new Float32Array(this.#canonical.count);
    const { optimizer } = this.#settings;
    const counters = readSnapshot(WASM_FORM, bytes, this.shape, optimizer, values);
    this.#scatter(values, 0);
    for (const [field, name] of COUNTER_FIELDS.entries()) {
      this.#engine.memory.i32[this.#address / 4 + field] = counters[name];
    }
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    if (this.#plan.owner === this) this.#plan.owner = undefined;
    this.#release();
  }

  get #canonical(): ReturnType<typeof memoryLayout> {
    return memoryLayout(this.shape, this.#settings.optimizer);
  }

  /** Values from canonical position `from` on, out of the block. */
  #gather<A extends Float64Array | Float32Array>(values: A, from: number): A {
    const { f32 } = this.#engine.memory;
    const { places } = this.#plan.block;
    const base = this.#address / 4;
    for (let j = 0; j < values.length; j++) values[j] = f32[base + places[from + j]!]!;
    return values;
  }

  #scatter(values: Float64Array | Float32Array, from: number): void {
    const { f32 } = this.#engine.memory;
    const { places } = this.#plan.block;
    const base = this.#address / 4;
    for (let j = 0; j < values.length; j++) f32[base + places[from + j]!] = values[j]!;
  }
}

/** As float32 holds them: what overflows is to be refused as infinite. */
function single(values: Float64Array): Float64Array {
  return values.map(Math.fround);
}
