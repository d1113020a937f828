import type { IntakeCounts } from '../decode/stream-decoder.ts';
import type { StateStore } from '../store/state-store.ts';
import { recordHead } from './codec.ts';
import { readJournalMeta } from './lmdb.ts';

/** What is in a journal on disk, without reading its entries. */
export interface JournalExtent {
  /** Offset of its oldest entry, and of the one that comes next. */
  readonly first: number;
  readonly end: number;
  readonly records: number;
  readonly bytes: number;
  /** When the oldest was written, by the wall clock; undefined: there is none, or it is damaged. */
  readonly oldestMs: number | undefined;
  /** What the intake had counted, by stream. */
  readonly counts: Readonly<Record<string, IntakeCounts>>;
  /** Learning is thinned to every so many updates; 1: it is not. */
  readonly thinning: number;
}

/** @throws DamagedValue, ForeignFormat where what the journal knows of itself cannot be read */
export function journalExtent(store: StateStore): JournalExtent {
  const { end, bytes, counts, thinning } = readJournalMeta(store);
  const [first = end] = store.keys<number>('journal');
  const [newest] = store.keys<number>('journal', { reverse: true });
  const last = newest === undefined ? undefined : headOf(store, newest);
  return {
    first,
    end: Math.max(end, newest === undefined ? 0 : newest + (last?.length ?? 1)),
    records: store.count('journal'),
    bytes,
    oldestMs: headOf(store, first)?.atMs,
    counts,
    thinning: thinning.at(-1)?.factor ?? 1,
  };
}

/** undefined: it is not there, or damaged. */
export function headOf(store: StateStore, key: number): ReturnType<typeof recordHead> | undefined {
  try {
    const bytes = store.get('journal', key);
    return bytes && recordHead(bytes);
  } catch {
    return undefined;
  }
}
