/** What the main thread and a shard's thread say to each other. One reply a request, in order. */
import type { SeriesInfo } from '../decode/series.ts';
import type { JournalEntry, Thinning } from '../journal/journal.ts';
import type { LearnedView } from '../observe/learned-view.ts';
import type { ForgottenCounts, Refusal } from './core.ts';
import type { LoggedEntries } from './entry-log.ts';
import type { Reconfiguration } from './reconfiguration.ts';
import type { StreamSettings } from './settings.ts';
import type { RestoredGroup, SavedSeries, SavedState } from './shard.ts';

/** What a thread is started with. */
export interface ShardWorkerData {
  readonly settings: ReadonlyMap<string, StreamSettings>;
}

export type ShardRequest =
  /** `series` are new with this entry; `entry` holds this shard's samples only. */
  | {
      readonly kind: 'apply';
      readonly series: readonly SeriesInfo[];
      readonly entry: JournalEntry;
      readonly offset: number;
    }
  /** The input has ended. */
  | { readonly kind: 'finish'; readonly series: readonly SeriesInfo[] }
  /** Groups of a former life; the origin of their points is the group's place in the list. */
  | {
      readonly kind: 'adopt';
      readonly series: readonly SeriesInfo[];
      readonly groups: readonly RestoredGroup[];
      readonly emitAfter: number;
    }
  /** What has changed is to be saved, the longest unsaved first. */
  | {
      readonly kind: 'save';
      readonly series: readonly SeriesInfo[];
      readonly offset: number;
      /** Infinity: all. */
      readonly countMax: number;
      /** Those of these streams alone. */
      readonly streams?: ReadonlySet<string>;
    }
  /** Streams come, go or change; the thread loads the engines that they name. */
  | {
      readonly kind: 'reconfigure';
      readonly series: readonly SeriesInfo[];
      readonly change: Reconfiguration;
    }
  /** Series go, and what was learned with them. */
  | {
      readonly kind: 'forget';
      readonly series: readonly SeriesInfo[];
      readonly ids: readonly number[];
    }
  /** What is learned of one series is to be shown. Changes nothing. */
  | { readonly kind: 'view'; readonly series: readonly SeriesInfo[]; readonly id: number }
  /** First words to a thread that takes over from one that died. No reply. */
  | {
      readonly kind: 'restore';
      readonly series: readonly { readonly info: SeriesInfo; readonly saved?: SavedState }[];
      /** How learning was thinned so far. */
      readonly thinning: readonly Thinning[];
      /** To be applied again, without a word about it. */
      readonly entries: LoggedEntries;
    };

export interface ShardReply {
  /** See store/points-block.ts. */
  readonly points: Float64Array<ArrayBuffer>;
  /** Experts that the points name. */
  readonly names: readonly string[];
  /** [streams][COUNTS], in the order of the settings. */
  readonly counts: Float64Array<ArrayBuffer>;
  readonly saved: readonly SavedSeries[];
  readonly refused: readonly Refusal[];
  /** What became of the samples of series that were forgotten, by stream. */
  readonly forgotten?: ForgottenCounts;
  /** The oldest entry that a restored shard would need applied again; undefined: none. */
  readonly unsavedFrom: number | undefined;
  /** Groups that have changed since they were saved. */
  readonly unsavedCount: number;
  /** To `view` alone; undefined: there is no such series. */
  readonly view?: LearnedView | undefined;
}

export const COUNTS = ['learned', 'duplicate', 'late', 'invalid', 'filtered', 'pending'] as const;

/** The main thread's end of a thread: a `Worker`, or what stands in for it in tests. */
export interface ShardPort {
  postMessage(request: ShardRequest): void;
  on(event: 'message', listener: (reply: ShardReply) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'exit', listener: (code: number) => void): unknown;
  terminate(): Promise<unknown>;
}

export type StartWorker = (data: ShardWorkerData) => ShardPort;
