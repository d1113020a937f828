import { availableParallelism } from 'node:os';
import type { JournalEntry } from '../journal/journal.ts';
import type { LearnedView } from '../observe/learned-view.ts';
import type { SeriesPoints } from '../store/points.ts';
import type { Engines } from './engines.ts';
import { InlineCore } from './inline-core.ts';
import type { Reconfigurable } from './reconfiguration.ts';
import type { RestoredGroup, SavedSeries, ShardCounts } from './shard.ts';
import { ShardPool, type ShardPoolOptions } from './shard-pool.ts';

/** More threads than this only where the user says so: each has memory of its own. */
const AUTO_MAX = 8;

/**
 * Everything between journal and outbox. The points are the same, and in the same order, however
 * many shards work on them.
 */
export interface Core {
  /**
   * Several calls may be under way; each gives what its entries closed.
   * @param offset of the first entry in the journal
   */
  apply(entries: readonly JournalEntry[], offset: number): Promise<readonly SeriesPoints[]>;
  /** The input has ended: open steps are closed. */
  finish(): Promise<readonly SeriesPoints[]>;
  /** By stream; what is under way counts as pending. */
  counts(): ReadonlyMap<string, Readonly<ShardCounts>>;
  /**
   * Takes groups of a former life that the core does not know yet, and applies what came after
   * their states.
   * @returns what that closed, in the order of the groups; of entries after `emitAfter` alone
   */
  adopt(groups: readonly RestoredGroup[], emitAfter: number): Promise<Adopted>;
  /**
   * States that have changed since they were last given, the longest unsaved first, `countMax` at
   * most (Infinity: all of them, now). Each holds the entries up to its offset.
   */
  save(countMax: number): Promise<readonly SavedSeries[]>;
  /**
   * Series go, and what was learned with them; all members of a group at once. No sample of theirs
   * may be under way.
   * @returns by stream, what became of their samples; they are in `counts` no more
   */
  forget(ids: readonly number[]): Promise<ForgottenCounts>;
  /** How many have changed since they were last given. */
  readonly unsavedCount: number;
  /** The oldest entry that no state given so far holds; undefined: there is none. */
  readonly unsavedFrom: number | undefined;
  /** What has been learned of a series, and with it; undefined where the core does not know it. */
  view(id: number): Promise<LearnedView | undefined>;
  close(): Promise<void>;
}

export type ForgottenCounts = ReadonlyMap<string, Readonly<ShardCounts>>;

export interface Adopted {
  readonly points: readonly SeriesPoints[];
  /** Groups that begin anew, as their states cannot be loaded. */
  readonly refused: readonly Refusal[];
}

export interface Refusal {
  /** Of the group's first series. */
  readonly id: number;
  readonly detail: string;
}

export interface CoreOptions extends ShardPoolOptions {
  /** Of the calling thread; others load their own. */
  readonly engines: Engines;
}

/** With one shard the core needs no thread of its own. */
export function createCore(options: CoreOptions): Core & Reconfigurable {
  const { shards, settings, engines } = options;
  return shards === 1 ? new InlineCore(settings, engines) : new ShardPool(options);
}

/** One core is left to what goes in and out. */
export function resolveShards(shards: number | 'auto', cores = availableParallelism()): number {
  return shards === 'auto' ? Math.min(Math.max(1, cores - 1), AUTO_MAX) : shards;
}
