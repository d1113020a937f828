import type { RecurrentEngine } from '../recurrent/engine.ts';
import { createReferenceEngine } from '../recurrent/reference.ts';

/** An engine of the calling thread's own; a shard's series share it, and shards share none. */
export function createEngine(): RecurrentEngine {
  return createReferenceEngine();
}
