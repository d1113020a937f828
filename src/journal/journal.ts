import type { SampleBatch } from '../decode/sample.ts';
import type { SeriesInfo } from '../decode/series.ts';

/** Everything that may change what the core computes. Time passes only because an entry says so. */
export type JournalEntry =
  | { readonly kind: 'series'; readonly series: SeriesInfo }
  | { readonly kind: 'samples'; readonly batch: SampleBatch }
  /** The receive clock has reached `timeMs`: every sample received before it is in the journal. */
  | { readonly kind: 'tick'; readonly timeMs: number };

/** Accepted entries in order. The first implementation keeps them in memory. */
export interface Journal {
  /** Resolves with the offset of the last entry once all of them are as durable as they will be. */
  append(entries: readonly JournalEntry[]): Promise<number>;
  /** Entries from `offset` on, in order, with their offsets. */
  read(offset: number): AsyncIterable<{ offset: number; entry: JournalEntry }>;
  /** Entries before `offset` are no longer needed. */
  trim(offset: number): Promise<void>;
  close(): Promise<void>;
}
