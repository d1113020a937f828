import type { JournalEntry } from '../journal/journal.ts';
import type { LearnedView } from '../observe/learned-view.ts';
import type { SeriesPoints } from '../store/points.ts';
import type { Adopted, Core, ForgottenCounts, Refusal } from './core.ts';
import type { Engines } from './engines.ts';
import { least } from './least.ts';
import type { Reconfigurable, Reconfiguration } from './reconfiguration.ts';
import type { StreamSettings } from './settings.ts';
import { type RestoredGroup, type SavedSeries, Shard, type ShardCounts } from './shard.ts';
import { Turns } from './turns.ts';

/** Entries that are being applied, or wait for it. */
interface UnderWay {
  readonly entries: readonly JournalEntry[];
  /** The entry that is being applied, and how many samples of it are. */
  at: number;
  samples: number;
}

/**
 * One shard in the calling thread, which has its turn between any two samples: a burst, or a tick of
 * many series, holds up neither the keepalive nor the page. What is asked for meanwhile waits.
 */
export class InlineCore implements Core, Reconfigurable {
  readonly #shard: Shard;
  /** By id. */
  readonly #streamOf: string[] = [];
  /** The newest entry that all groups have. */
  #through = -1;
  readonly #underWay = new Set<UnderWay>();
  /** Groups that wait to be adopted: the journal must keep their entries. */
  readonly #adopting = new Set<RestoredGroup>();
  readonly #turns = new Turns();
  #last: Promise<unknown> = Promise.resolve();
  /** An entry that was applied in part, or the end: nothing that comes after it would be right. */
  #failure: Error | undefined;

  constructor(settings: ReadonlyMap<string, StreamSettings>, engines: Engines) {
    this.#shard = new Shard(settings, engines);
  }

  apply(entries: readonly JournalEntry[], offset: number): Promise<SeriesPoints[]> {
    for (const entry of entries) {
      if (entry.kind === 'series') this.#streamOf[entry.series.id] = entry.series.stream;
    }
    const batch = { entries, at: 0, samples: 0 };
    this.#underWay.add(batch);
    return this.#next(async () => {
      const out: SeriesPoints[] = [];
      await this.#turns.do(this.#apply(batch, offset, out)).catch((error: Error) => {
        this.#failure ??= error;
        throw error;
      });
      this.#underWay.delete(batch);
      return out;
    });
  }

  adopt(groups: readonly RestoredGroup[], emitAfter: number): Promise<Adopted> {
    for (const group of groups) {
      this.#adopting.add(group);
      for (const { id, stream } of group.series) this.#streamOf[id] = stream;
    }
    return this.#next(() => this.#turns.do(this.#adopt(groups, emitAfter)));
  }

  save(countMax: number): Promise<SavedSeries[]> {
    return this.#next(() => {
      const saved: SavedSeries[] = [];
      while (saved.length < countMax) {
        const next = this.#shard.saveNext(this.#through);
        if (!next) break;
        saved.push(next);
      }
      return saved;
    });
  }

  saveStreams(streams: ReadonlySet<string>, countMax: number): Promise<SavedSeries[]> {
    return this.#next(() => this.#shard.saveStreams(streams, this.#through, countMax));
  }

  reconfigure(change: Reconfiguration, engines: Engines): Promise<readonly Refusal[]> {
    return this.#next(() => this.#turns.do(this.#shard.reconfigure(change, engines)));
  }

  forget(ids: readonly number[]): Promise<ForgottenCounts> {
    return this.#next(() => this.#shard.forget(ids));
  }

  get unsavedCount(): number {
    return this.#shard.unsavedCount;
  }

  get unsavedFrom(): number | undefined {
    let oldest = this.#shard.unsavedFrom;
    for (const { entries } of this.#adopting) oldest = least(oldest, entries.offset[0]);
    return oldest;
  }

  finish(): Promise<SeriesPoints[]> {
    return this.#next(async () => {
      const out: SeriesPoints[] = [];
      await this.#turns.do(this.#shard.finish((points) => out.push(points)));
      return out;
    });
  }

  counts(): ReadonlyMap<string, Readonly<ShardCounts>> {
    const counts = new Map([...this.#shard.counts()].map(([name, own]) => [name, { ...own }]));
    const wait = (ids: Int32Array): void => {
      for (const id of ids) {
        // Ticks among a group's entries are of no series.
        const own = id < 0 ? undefined : counts.get(this.#streamOf[id]!);
        if (own) own.pending++;
      }
    };
    for (const { entries, at, samples } of this.#underWay) {
      for (const [i, entry] of entries.slice(at).entries()) {
        if (entry.kind !== 'samples') continue;
        wait(entry.batch.seriesId.subarray(i === 0 ? samples : 0, entry.batch.count));
      }
    }
    for (const { entries } of this.#adopting) wait(entries.seriesId);
    return counts;
  }

  view(id: number): Promise<LearnedView | undefined> {
    return this.#next(() => this.#shard.view(id));
  }

  async close(): Promise<void> {
    this.#failure ??= new Error('the core is closed');
    await this.#last;
  }

  *#apply(batch: UnderWay, offset: number, out: SeriesPoints[]): Generator<void, void> {
    const emit = (points: SeriesPoints): unknown => out.push(points);
    for (; batch.at < batch.entries.length; batch.at++) {
      const entry = offset + batch.at;
      const steps = this.#shard.steps(batch.entries[batch.at]!, entry, emit);
      while (!steps.next().done) {
        batch.samples++;
        yield;
        if (this.#failure) throw this.#failure;
      }
      batch.samples = 0;
      this.#through = Math.max(this.#through, entry);
    }
  }

  *#adopt(groups: readonly RestoredGroup[], emitAfter: number): Generator<void, Adopted> {
    const points: SeriesPoints[] = [];
    const refused: Refusal[] = [];
    for (const group of groups) {
      const detail = this.#shard.adopt(group, emitAfter, (some) => points.push(some));
      this.#adopting.delete(group);
      if (detail) refused.push({ id: group.series[0]!.id, detail });
      this.#through = Math.max(this.#through, group.through);
      yield;
      if (this.#failure) throw this.#failure;
    }
    return { points, refused };
  }

  /** What is asked for is done in the order in which it was asked, one at a time. */
  #next<T>(work: () => T | Promise<T>): Promise<T> {
    const done = this.#last.then(() => {
      if (this.#failure) throw this.#failure;
      return work();
    });
    // Who waits for an earlier one hears of a failure first, and need not ask for this one. Of what
    // was given, nothing is kept.
    this.#last = done.then(
      () => {},
      () => {},
    );
    return done;
  }
}
