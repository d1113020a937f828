import { jsonBytes, readJson } from './json.ts';
import type { StateStore, Writer } from './state-store.ts';

/** What a state tells of itself when it is saved, so that nobody must load it to see. As JSON has it. */
export interface StateSummary {
  readonly members: readonly MemberSummary[];
}

/** One series; null: not known yet. */
export interface MemberSummary {
  readonly id: number;
  /** Event time of its newest sample. */
  readonly newestMs: number | null;
  readonly learned: number;
  /** Of the first scored lead; the widest interval's. */
  readonly skill: number | null;
  readonly coverage: number | null;
}

/** What is known of a saved state without reading it; `id` is that of the group's first series. */
export interface StateHead {
  readonly id: number;
  /** The newest journal entry that the state holds. */
  readonly offset: number;
  /** ms by the wall clock. */
  readonly savedMs: number;
  readonly bytes: number;
  readonly summary: StateSummary;
}

export function putState(write: Writer, head: Omit<StateHead, 'bytes'>, state: Uint8Array): void {
  const { id, ...rest } = head;
  write.put('heads', id, jsonBytes({ ...rest, bytes: state.length }));
  write.put('states', id, state);
}

export function removeState(write: Writer, id: number): void {
  write.remove('heads', id);
  write.remove('states', id);
}

/**
 * By id. A head that cannot be read is left out: its state counts as lost.
 * @param onDamage told of each
 */
export function readHeads(
  store: StateStore,
  onDamage: (id: number, reason: string) => void,
): Map<number, StateHead> {
  const heads = new Map<number, StateHead>();
  for (const id of store.keys<number>('heads')) {
    try {
      heads.set(id, { id, ...readJson<Omit<StateHead, 'id'>>(store.get('heads', id)!) });
    } catch (error) {
      onDamage(id, (error as Error).message);
    }
  }
  return heads;
}
