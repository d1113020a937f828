/**
 * The WebAssembly engine: float32 networks in one linear memory, computed by the vector kernels of
 * kernel/. One engine serves one thread; each has its own instance and memory.
 *
 * The same inputs give the same bytes on every machine: WebAssembly's vector arithmetic is IEEE 754
 * without fused products, the kernels sum in a fixed order, and relaxed SIMD is not used.
 */
import type {
  InitialSettings,
  NetworkShape,
  OpenEngine,
  OpenNetwork,
  TrainSettings,
} from './engine.ts';
import { initialWeights } from './initial.ts';
import {
  type BlockLayout,
  blockLayout,
  LAYER_FIELDS,
  PLAN_FIELDS,
  type PlanTable,
  planTable,
} from './kernel-layout.ts';
import { KernelMemory, type MemoryLimits } from './kernel-memory.ts';
import { checkInitial, checkSettings, checkShape, OPTIMIZERS } from './layout.ts';
import { type LinearExports, WasmLinear } from './linear-wasm.ts';
import { WasmNetwork } from './wasm-network.ts';

/** What kernel/index.ts exports. Addresses and sizes are in bytes. */
export interface Kernel extends LinearExports {
  heapBase(): number;
  planBytes(): number;
  layerBytes(): number;
  forward(plan: number, network: number, group: number): void;
  train(plan: number, network: number, steps: number): number;
  peak(rounds: number): number;
  applyMath(what: number, at: number, count: number): void;
}

/** Layout and buffers that the networks of one shape share. */
export interface SharedPlan extends PlanTable {
  readonly address: number;
  readonly block: BlockLayout;
  /** Whose gradient is in the buffer. */
  owner: WasmNetwork | undefined;
}

interface PlanEntry {
  readonly plan: SharedPlan;
  readonly bytes: number;
  users: number;
}

export class WasmEngine implements OpenEngine {
  readonly name = 'wasm';
  readonly memory: KernelMemory;
  readonly kernel: Kernel;
  readonly linear: WasmLinear;
  /** By shape and optimizer; an entry lives as long as a network that uses it. */
  readonly #plans = new Map<string, PlanEntry>();

  /** @param module of kernel.wasm; compile it once and hand it to every thread */
  constructor(module: WebAssembly.Module, limits: MemoryLimits = {}) {
    this.memory = new KernelMemory(limits);
    const instance = new WebAssembly.Instance(module, { env: { memory: this.memory.memory } });
    this.kernel = instance.exports as Kernel;
    if (
      this.kernel.planBytes() !== PLAN_FIELDS * 4 ||
      this.kernel.layerBytes() !== LAYER_FIELDS * 4
    ) {
      throw new Error('kernel.wasm is of another version than this program: run `npm run build`');
    }
    this.memory.begin(this.kernel.heapBase());
    this.linear = new WasmLinear(this.memory, this.kernel);
  }

  /** @throws Error also when the memory has reached its limit */
  create(
    shape: NetworkShape,
    settings: TrainSettings,
    seed: number,
    initial: InitialSettings = {},
  ): OpenNetwork {
    checkShape(shape);
    checkSettings(shape, settings);
    checkInitial(shape, initial);
    const key = keyOf(shape, settings);
    const entry = this.#plans.get(key) ?? this.#newPlan(shape, settings, key);
    let address: number;
    try {
      address = this.memory.take(entry.plan.block.bytes);
    } catch (error) {
      this.#leave(key, entry);
      throw error;
    }
    entry.users++;
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      this.memory.give(address, entry.plan.block.bytes);
      entry.users--;
      this.#leave(key, entry);
    };
    const network = new WasmNetwork(this, entry.plan, address, shape, settings, release);
    this.memory.whenGone(network, release);
    network.setWeights(initialWeights(shape, seed, initial));
    return network;
  }

  #newPlan(shape: NetworkShape, settings: TrainSettings, key: string): PlanEntry {
    const block = blockLayout(shape, settings.optimizer);
    const bytes = planTable(shape, block, 0).end;
    const address = this.memory.take(bytes);
    const plan = planTable(shape, block, address);
    this.memory.i32.set(plan.table, address / 4);
    const entry = { plan: { ...plan, address, block, owner: undefined }, bytes, users: 0 };
    this.#plans.set(key, entry);
    return entry;
  }

  #leave(key: string, entry: PlanEntry): void {
    if (entry.users > 0) return;
    this.#plans.delete(key);
    this.memory.give(entry.plan.address, entry.bytes);
  }
}

function keyOf(shape: NetworkShape, { optimizer }: TrainSettings): string {
  const { cell, inputs, hidden, layers, outputs, windowSteps } = shape;
  const moments = OPTIMIZERS.indexOf(optimizer);
  return [cell, inputs, hidden, layers, outputs, windowSteps, moments].join(' ');
}
