import { availableParallelism } from 'node:os';
import type { JournalEntry } from '../journal/journal.ts';
import type { SeriesPoints } from '../store/points.ts';
import type { Engines } from './engines.ts';
import type { StreamSettings } from './settings.ts';
import { Shard, type ShardCounts } from './shard.ts';
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
  close(): Promise<void>;
}

/** One shard in the calling thread. */
export class InlineCore implements Core {
  readonly #shard: Shard;

  constructor(settings: ReadonlyMap<string, StreamSettings>, engines: Engines) {
    this.#shard = new Shard(settings, engines);
  }

  async apply(entries: readonly JournalEntry[], offset: number): Promise<SeriesPoints[]> {
    const out: SeriesPoints[] = [];
    entries.forEach((entry, i) => {
      this.#shard.apply(entry, offset + i, (points) => out.push(points));
    });
    return out;
  }

  async finish(): Promise<SeriesPoints[]> {
    const out: SeriesPoints[] = [];
    this.#shard.finish((points) => out.push(points));
    return out;
  }

  counts(): ReadonlyMap<string, Readonly<ShardCounts>> {
    return this.#shard.counts();
  }

  async close(): Promise<void> {}
}

export interface CoreOptions extends ShardPoolOptions {
  /** Of the calling thread; others load their own. */
  readonly engines: Engines;
}

/** With one shard the core needs no thread of its own. */
export function createCore(options: CoreOptions): Core {
  const { shards, settings, engines } = options;
  return shards === 1 ? new InlineCore(settings, engines) : new ShardPool(options);
}

/** One core is left to what goes in and out. */
export function resolveShards(shards: number | 'auto', cores = availableParallelism()): number {
  return shards === 'auto' ? Math.min(Math.max(1, cores - 1), AUTO_MAX) : shards;
}
