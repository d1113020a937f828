import type { SeriesInfo } from '../decode/series.ts';
import type { StateSummary } from '../store/heads.ts';
import type { LoggedEntries } from './entry-log.ts';

/** A group's state after the entry `offset`; `id` is that of its first member. */
export interface SavedSeries {
  readonly id: number;
  readonly offset: number;
  /** The oldest entry that the state saved before does not hold. */
  readonly from: number;
  readonly bytes: Uint8Array;
  readonly summary: StateSummary;
}

/** What it takes to put it back. */
export type SavedState = Pick<SavedSeries, 'id' | 'offset' | 'bytes'>;

/** A group as a restart finds it: its newest state, and what came after. */
export interface RestoredGroup {
  /** In ascending order of ids. */
  readonly series: readonly SeriesInfo[];
  /** undefined: nothing was saved yet, or it is damaged. */
  readonly saved: SavedState | undefined;
  /** After `saved.offset`, in order; its own and those that concern all. */
  readonly entries: LoggedEntries;
  /** It has all entries up to this one. */
  readonly through: number;
}
