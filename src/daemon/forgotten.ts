import { jsonBytes, readJson } from '../store/json.ts';
import type { StateStore, Writer } from '../store/state-store.ts';
import { addCounts, noCounts, type ShardCounts } from './channel.ts';
import type { ForgottenCounts } from './core.ts';

const FORGOTTEN = 'forgotten';

/**
 * What became of the samples of series that were forgotten, by stream: the core knows of them no
 * more, and the account is to add up all the same. Those of steps that were open are told as filtered.
 */
export class Forgotten {
  readonly #counts = new Map<string, ShardCounts>();

  /** As it was kept; empty where that is damaged: the account then begins anew. */
  static read(store: StateStore): Forgotten {
    const forgotten = new Forgotten();
    try {
      const bytes = store.get('meta', FORGOTTEN);
      const kept = bytes ? readJson<Record<string, ShardCounts>>(bytes) : {};
      for (const [stream, counts] of Object.entries(kept)) forgotten.#counts.set(stream, counts);
    } catch {
      // See above.
    }
    return forgotten;
  }

  get counts(): ReadonlyMap<string, Readonly<ShardCounts>> {
    return this.#counts;
  }

  add(counts: ForgottenCounts): void {
    for (const [stream, own] of counts) {
      const sum = this.#counts.get(stream) ?? noCounts();
      this.#counts.set(stream, sum);
      addCounts(sum, { ...own, filtered: own.filtered + own.pending, pending: 0 });
    }
  }

  put(write: Writer): void {
    write.put('meta', FORGOTTEN, jsonBytes(Object.fromEntries(this.#counts)));
  }
}
