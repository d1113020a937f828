import type { SampleBatch } from '../decode/sample.ts';
import type { SeriesInfo } from '../decode/series.ts';
import type { IntakeCounts } from '../decode/stream-decoder.ts';

/** Everything that may change what the core computes. Time passes only because an entry says so. */
export type JournalEntry =
  | { readonly kind: 'series'; readonly series: SeriesInfo }
  /** Names of a series' symbols, from the code `from` on; for the main thread alone. */
  | {
      readonly kind: 'symbols';
      readonly id: number;
      readonly from: number;
      readonly names: readonly string[];
    }
  | { readonly kind: 'samples'; readonly batch: SampleBatch }
  /** The receive clock has reached `timeMs`: every sample received before it is in the journal. */
  | { readonly kind: 'tick'; readonly timeMs: number }
  /** From here on networks learn at every `factor`-th of their updates only (1: at each). */
  | { readonly kind: 'thin'; readonly factor: number };

/** A `thin` entry and its offset. */
export interface Thinning {
  readonly offset: number;
  readonly factor: number;
}

/**
 * One delivery of QoS 1 or 2 that a batch covers. A broker delivers again what it has no
 * acknowledgement for, under the same packet id: this is how it is known.
 */
export interface Delivery {
  /** Counts the broker's sessions with us: packet ids mean something within one only. */
  readonly session: number;
  readonly packetId: number;
  /** Of topic and payload; a uint32. */
  readonly digest: number;
}

/** What becomes durable together. */
export interface JournalBatch {
  readonly entries: readonly JournalEntry[];
  readonly deliveries?: readonly Delivery[];
  /** What the intake has counted so far, by stream. */
  readonly counts?: ReadonlyMap<string, Readonly<IntakeCounts>>;
}

/** Accepted entries in order. */
export interface Journal {
  /**
   * Resolves with the offset of the batch's last entry (of the last one before, where it has none)
   * once all of it is as durable as it will be. Several calls may be under way; they resolve in order.
   */
  append(batch: JournalBatch): Promise<number>;
  /** Entries from `offset` on, in order, with their offsets. */
  read(offset: number): AsyncIterable<{ offset: number; entry: JournalEntry }>;
  /** Entries before `offset` are no longer needed. */
  trim(offset: number): Promise<void>;
  close(): Promise<void>;
}
