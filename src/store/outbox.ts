import type { SeriesPoints } from './points.ts';
import type { Writer } from './state-store.ts';

/** Points waiting to be written, with one position a reader (a sink). */
export interface Outbox {
  /** @param through offset of the newest journal entry whose points have now all been put */
  put(points: readonly SeriesPoints[], through: number): void;
  reader(sink: string): OutboxReader;
  /** Most points waiting for any one reader. */
  readonly depth: number;
}

export interface OutboxReader {
  /** Up to `limit` waiting points, oldest first; empty when there are none. */
  peek(limit: number): readonly SeriesPoints[];
  /** The first `count` points of the last peek are written. */
  advance(count: number): void;
  readonly depth: number;
  /** Points given up because the outbox was full. */
  readonly dropped: number;
}

/**
 * An outbox that outlives the process. Points wait in memory while they are few, since what is lost
 * with the process can be computed again from the journal; `stage` puts the rest on the disk.
 */
export interface DurableOutbox extends Outbox {
  /**
   * Points of journal entries up to this one need not be computed again: they are on the disk, or
   * written. As of the start; −1 where nothing was ever staged.
   */
  readonly doneThrough: number;
  /** The newest `through` of a `put`; `doneThrough` before the first. */
  readonly through: number;
  /**
   * Adds to a commit all that waits in memory alone, the readers' positions and `doneThrough`. So no
   * state is saved that is ahead of its points.
   * @param doneThrough where it is not the newest `through`: entries are still being computed again
   * @returns to be called once the commit has succeeded
   */
  stage(write: Writer, doneThrough?: number): () => void;
  /** After the last `stage`. */
  close(): Promise<void>;
}
