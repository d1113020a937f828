/**
 * The linear kernel in WebAssembly: filters lie in the engine's linear memory, beside the networks,
 * and are computed where they lie.
 */
import type { KernelMemory } from './kernel-memory.ts';
import { covarianceLength, type LinearFilter, type LinearKernel, padded } from './linear.ts';

/** What kernel/linear.ts and kernel/linear-leads.ts export. Addresses in bytes. */
export interface LinearExports {
  linearIssue(
    p: number,
    single: number,
    f: number,
    v: number,
    regressors: number,
    gains: number,
    count: number,
    n: number,
    forgetting: number,
  ): number;
  linearShrink(
    p: number,
    v: number,
    single: number,
    weights: number,
    k: number,
    count: number,
    n: number,
    horizon: number,
    squared: number,
  ): number;
  linearLearn(weights: number, regressors: number, gains: number, n: number, y: number): void;
  linearLearnAll(
    weights: number,
    regressors: number,
    gains: number,
    targets: number,
    n: number,
    horizon: number,
    newest: number,
  ): void;
  linearPredict(weights: number, f: number, out: number, n: number, horizon: number): void;
}

const DOUBLE = 8;
const SINGLE = 4;

export class WasmLinear implements LinearKernel {
  readonly memory: KernelMemory;
  readonly kernel: LinearExports;
  /** Scratch of all filters: f, v [D] float64, f [D] float32, a number a lead [H] float64. */
  f = 0;
  v = 0;
  single = 0;
  leads = 0;
  #regressorsMax = 0;
  #horizonMax = 0;

  constructor(memory: KernelMemory, kernel: LinearExports) {
    this.memory = memory;
    this.kernel = kernel;
  }

  filter(regressors: number, horizon: number): LinearFilter {
    const n = padded(regressors);
    if (n > this.#regressorsMax || horizon > this.#horizonMax) {
      this.#renewScratch(Math.max(n, this.#regressorsMax), Math.max(horizon, this.#horizonMax));
    }
    const bytes = filterBytes(regressors, horizon);
    const address = this.memory.take(bytes);
    const filter = new WasmFilter(this, address, regressors, horizon);
    const { memory } = this;
    memory.whenGone(filter, () => memory.give(address, bytes));
    return filter;
  }

  #renewScratch(n: number, horizon: number): void {
    const bytes = scratchBytes(n, horizon);
    const at = this.memory.take(bytes);
    if (this.#regressorsMax > 0) {
      this.memory.give(this.f, scratchBytes(this.#regressorsMax, this.#horizonMax));
    }
    this.f = at;
    this.v = at + n * DOUBLE;
    this.leads = this.v + n * DOUBLE;
    this.single = this.leads + 2 * Math.ceil(horizon / 2) * DOUBLE;
    this.#regressorsMax = n;
    this.#horizonMax = horizon;
  }
}

function scratchBytes(n: number, horizon: number): number {
  return n * (2 * DOUBLE + SINGLE) + 2 * Math.ceil(horizon / 2) * DOUBLE;
}

function filterBytes(regressors: number, horizon: number): number {
  return covarianceLength(regressors) * DOUBLE + 3 * horizon * padded(regressors) * SINGLE;
}

class WasmFilter implements LinearFilter {
  readonly #owner: WasmLinear;
  readonly #address: number;
  readonly #weights: number;
  readonly #regressors: number;
  readonly #padded: number;
  readonly #horizon: number;

  constructor(owner: WasmLinear, address: number, regressors: number, horizon: number) {
    this.#owner = owner;
    this.#address = address;
    this.#weights = address + covarianceLength(regressors) * DOUBLE;
    this.#regressors = regressors;
    this.#padded = padded(regressors);
    this.#horizon = horizon;
  }

  get covariance(): Float64Array {
    return this.#owner.memory.f64.subarray(this.#address / DOUBLE, this.#weights / DOUBLE);
  }

  get singles(): Float32Array {
    const first = this.#weights / SINGLE;
    return this.#owner.memory.f32.subarray(first, first + 3 * this.#horizon * this.#padded);
  }

  /** Address of a row of the regressors' ring. */
  #regressorRow(row: number): number {
    return this.#weights + (this.#horizon + row) * this.#padded * SINGLE;
  }

  #gainRow(row: number): number {
    return this.#regressorRow(row + this.#horizon);
  }

  issue(f: Float64Array, row: number, forgetting: number): boolean {
    const { kernel, single, f: doubles, v } = this.#owner;
    this.#hand(f);
    return (
      kernel.linearIssue(
        this.#address,
        single,
        doubles,
        v,
        this.#regressorRow(row),
        this.#gainRow(row),
        this.#regressors,
        this.#padded,
        forgetting,
      ) === 1
    );
  }

  learn(lead: number, row: number, y: number): void {
    const n = this.#padded;
    const weights = this.#weights + lead * n * SINGLE;
    const { kernel } = this.#owner;
    kernel.linearLearn(weights, this.#regressorRow(row), this.#gainRow(row), n, y);
  }

  learnAll(targets: Float64Array, newest: number): void {
    const { kernel, memory, leads } = this.#owner;
    memory.f64.set(targets, leads / DOUBLE);
    const [n, horizon] = [this.#padded, this.#horizon];
    const [regressors, gains] = [this.#regressorRow(0), this.#gainRow(0)];
    kernel.linearLearnAll(this.#weights, regressors, gains, leads, n, horizon, newest);
  }

  shrink(k: number, squared: number): boolean {
    const { kernel, v, single } = this.#owner;
    const [p, weights, n, horizon] = [this.#address, this.#weights, this.#padded, this.#horizon];
    const count = this.#regressors;
    return kernel.linearShrink(p, v, single, weights, k, count, n, horizon, squared) === 1;
  }

  predict(f: Float64Array, out: Float64Array): void {
    const { kernel, memory, single, leads } = this.#owner;
    this.#hand(f);
    kernel.linearPredict(this.#weights, single, leads, this.#padded, this.#horizon);
    for (let lead = 0; lead < this.#horizon; lead++) out[lead] = memory.f64[leads / DOUBLE + lead]!;
  }

  /** The regressors to the scratch, padded. */
  #hand(f: Float64Array): void {
    const { f32 } = this.#owner.memory;
    const at = this.#owner.single / SINGLE;
    for (let i = 0; i < f.length; i++) f32[at + i] = f[i]!;
    for (let i = f.length; i < this.#padded; i++) f32[at + i] = 0;
  }
}
