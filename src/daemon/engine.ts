import type { RecurrentEngine } from '../recurrent/engine.ts';
import { WasmEngine } from '../recurrent/wasm.ts';
import { readKernel } from './kernel-file.ts';

/** An engine of the calling thread's own; a shard's series share it, and shards share none. */
export function createEngine(): RecurrentEngine {
  return new WasmEngine(readKernel());
}
