import type { SeriesPoints } from './points.ts';
import type { Writer } from './state-store.ts';

/** Points waiting to be written, with one position a reader (a sink). */
export interface Outbox {
  /** @param through offset of the newest journal entry whose points have now all been put */
  put(points: readonly SeriesPoints[], through: number): void;
  reader(sink: string): OutboxReader;
  /** The sink is gone: what waits for it is given up. Its reader must not be used after. */
  forget(sink: string): void;
  setLimits(limits: OutboxLimits): void;
  /** Most points waiting for any one reader. */
  readonly depth: number;
  /** Nothing more should be put, as nothing may be dropped; `onAdvance` says when to look again. */
  readonly full: boolean;
}

/** What becomes of points for which there is no room. */
export type WhenFull = 'drop_oldest' | 'wait';

export interface OutboxLimits {
  /** Most points in memory. */
  readonly pointsMax: number;
  /** Where there is a disk: over all that waits there; and since when it may have waited. */
  readonly bytesMax: number;
  readonly ageMsMax: number;
  readonly whenFull: WhenFull;
}

export interface OutboxReader {
  /** Up to `limit` waiting points, in order within a lane; empty when none waits. */
  peek(limit: number): readonly SeriesPoints[];
  /** The first `count` points of the last peek are written. */
  advance(count: number): void;
  /**
   * What is put from here on has a lane of its own, and the lanes are read in turn: fresh points need
   * not wait for the backlog. A forecast of the backlog whose target the fresh lane has overwritten
   * already is left out. The lanes join when the backlog is done.
   */
  split(): void;
  /** Points waiting in the newest lane; where there is one only, all that wait. */
  readonly fresh: number;
  readonly depth: number;
  /** Points given up since the start: no room, too old, or damaged on the disk. */
  readonly dropped: number;
  /** The same, with those of earlier runs. */
  readonly droppedEver: number;
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

/** What the user should know, once an incident. */
export interface OutboxEvent {
  /**
   * `forgotten`: a sink is no longer configured · `damaged`: points cannot be read · `full`: points
   * are dropped, or the source has to wait · `expired`: points are dropped for their age
   */
  readonly kind: 'forgotten' | 'damaged' | 'full' | 'expired';
  readonly detail: string;
}
