/**
 * The core on several threads. Each series belongs to one shard, by its name; an entry's samples are
 * dealt out to the shards, and what comes back is put together again in the order of the samples:
 *
 *     entry → its samples by shard → threads → blocks of points → merged by origin
 */
import { type SampleBatch, SampleBatchBuilder } from '../decode/sample.ts';
import type { SeriesInfo } from '../decode/series.ts';
import type { JournalEntry } from '../journal/journal.ts';
import type { LearnedView } from '../observe/learned-view.ts';
import type { SeriesPoints } from '../store/points.ts';
import { mergeBlocks, PointsBlockReader } from '../store/points-block.ts';
import { addCounts, noCounts, type ShardCounts } from './channel.ts';
import type { Adopted, Core, ForgottenCounts, Refusal } from './core.ts';
import { shardOf } from './hash.ts';
import { least } from './least.ts';
import type { Reconfigurable, Reconfiguration } from './reconfiguration.ts';
import type { StreamSettings } from './settings.ts';
import type { RestoredGroup, SavedSeries } from './shard.ts';
import { COUNTS, type ShardReply, type StartWorker } from './shard-protocol.ts';
import { ShardThread, startWorker } from './shard-thread.ts';

export interface ShardPoolOptions {
  readonly shards: number;
  readonly settings: ReadonlyMap<string, StreamSettings>;
  /** A thread has died and another has taken over: what to tell the user. */
  readonly onRestart: (text: string) => void;
  readonly startWorker?: StartWorker;
}

/** One entry under way. */
interface Gathering {
  readonly readers: PointsBlockReader[];
  readonly refused: Refusal[];
  /** By stream; of series that go. */
  readonly forgotten: Map<string, ShardCounts>;
  readonly onView: ((view: LearnedView | undefined) => void) | undefined;
  waiting: number;
  readonly resolve: (points: SeriesPoints[]) => void;
  readonly reject: (error: Error) => void;
}

/** A shard's part of an entry. */
interface Part {
  readonly gathering: Gathering;
  /** Of its samples, their places in the entry's batch. */
  readonly origins: readonly number[] | undefined;
}

/** A shard, seen from the pool. */
interface Place {
  readonly thread: ShardThread;
  /** Of what the thread has not answered yet, in order. */
  readonly parts: Part[];
  /** The samples dealt to it, and their places in the batch that is dealt out. */
  readonly dealt: SampleBatchBuilder;
  origins: number[];
  /** As of the newest reply, see ShardReply. */
  counts: Float64Array;
}

export class ShardPool implements Core, Reconfigurable {
  #settings: ReadonlyMap<string, StreamSettings>;
  readonly #places: readonly Place[];
  /** By id, like `#placeOf`. */
  readonly #series: SeriesInfo[] = [];
  readonly #placeOf: Place[] = [];
  readonly #seriesOf = (id: number): SeriesInfo => this.#series[id]!;
  /** Saved by their shards, and not given to whoever keeps them; the longest waiting first. */
  readonly #unsaved = new Map<number, SavedSeries>();
  /** The newest entry that was handed out. */
  #through = -1;
  #failure: Error | undefined;

  constructor({ shards, settings, onRestart, ...options }: ShardPoolOptions) {
    this.#settings = settings;
    const start = options.startWorker ?? startWorker;
    this.#places = Array.from({ length: shards }, (_, i) => ({
      thread: new ShardThread(start, settings, {
        onReply: (reply) => this.#gather(this.#places[i]!, reply),
        onRestart: (text) => onRestart(`shard ${i + 1} of ${shards}: ${text}`),
        onFailure: (error) => this.#fail(error),
      }),
      parts: [],
      dealt: new SampleBatchBuilder(),
      origins: [],
      counts: new Float64Array(settings.size * COUNTS.length),
    }));
  }

  apply(entries: readonly JournalEntry[], offset: number): Promise<SeriesPoints[]> {
    const parts = Promise.all(entries.map((entry, i) => this.#apply(entry, offset + i)));
    this.#through = Math.max(this.#through, offset + entries.length - 1);
    const points = parts.then((all) => (all.length === 1 ? all[0]! : all.flat()));
    // Who waits for an earlier one hears of a failure first, and need not ask for this one.
    points.catch(() => {});
    return points;
  }

  finish(): Promise<SeriesPoints[]> {
    return this.#handOut(this.#working(), ({ thread }) => thread.finish());
  }

  async adopt(groups: readonly RestoredGroup[], emitAfter: number): Promise<Adopted> {
    const parts = new Map<Place, RestoredGroup[]>();
    for (const [i, group] of groups.entries()) {
      const place = this.#placeFor(group.series[0]!);
      for (const series of group.series) this.#assign(series, place);
      this.#through = Math.max(this.#through, group.through);
      place.origins.push(i);
      parts.set(place, [...(parts.get(place) ?? []), group]);
    }
    const refused: Refusal[] = [];
    const points = await this.#handOut(
      [...parts.keys()],
      (place) => {
        place.thread.adopt(parts.get(place)!, emitAfter);
      },
      { refused },
    );
    return { points, refused };
  }

  async save(countMax: number): Promise<SavedSeries[]> {
    const isAll = countMax === Number.POSITIVE_INFINITY;
    await this.#handOut(isAll ? this.#working() : this.#behind(), ({ thread }) => {
      thread.save(this.#through, countMax);
    });
    const given = [...this.#unsaved.values()].slice(0, countMax);
    for (const { id } of given) this.#unsaved.delete(id);
    return given;
  }

  async saveStreams(streams: ReadonlySet<string>, countMax: number): Promise<SavedSeries[]> {
    await this.#handOut(this.#working(), ({ thread }) => {
      thread.saveStreams(this.#through, streams, countMax);
    });
    const given = [...this.#unsaved.values()]
      .filter(({ id }) => streams.has(this.#series[id]!.stream))
      .slice(0, countMax);
    for (const { id } of given) this.#unsaved.delete(id);
    return given;
  }

  /** The engines are those of the threads, which load them by themselves. */
  async reconfigure(change: Reconfiguration): Promise<readonly Refusal[]> {
    const refused: Refusal[] = [];
    const counts = change.settings.size * COUNTS.length;
    for (const place of this.#places) {
      if (place.thread.started) continue;
      place.thread.reconfigure(change);
      place.counts = new Float64Array(counts);
    }
    const started = this.#places.filter(({ thread }) => thread.started);
    await this.#handOut(started, ({ thread }) => thread.reconfigure(change), { refused });
    this.#settings = change.settings;
    for (const id of this.#unsaved.keys()) {
      if (change.dropped.has(this.#series[id]!.stream)) this.#unsaved.delete(id);
    }
    return refused;
  }

  async forget(ids: readonly number[]): Promise<ForgottenCounts> {
    const parts = new Map<Place, number[]>();
    for (const id of ids) {
      const place = this.#placeOf[id]!;
      parts.set(place, [...(parts.get(place) ?? []), id]);
    }
    const forgotten = new Map<string, ShardCounts>();
    const give = (place: Place): void => place.thread.forget(parts.get(place)!);
    await this.#handOut([...parts.keys()], give, { forgotten });
    for (const id of ids) this.#unsaved.delete(id);
    return forgotten;
  }

  get unsavedCount(): number {
    return this.#places.reduce((sum, { thread }) => sum + thread.unsavedCount, this.#unsaved.size);
  }

  get unsavedFrom(): number | undefined {
    let oldest: number | undefined;
    for (const { thread } of this.#places) oldest = least(oldest, thread.unsavedFrom);
    for (const { from } of this.#unsaved.values()) oldest = least(oldest, from);
    return oldest;
  }

  counts(): Map<string, ShardCounts> {
    const totals = new Map([...this.#settings.keys()].map((stream) => [stream, noCounts()]));
    for (const { thread, counts } of this.#places) {
      for (const [i, stream] of [...thread.settings.keys()].entries()) {
        const total = totals.get(stream);
        for (const [j, name] of COUNTS.entries()) {
          if (total) total[name] += counts[i * COUNTS.length + j]!;
        }
      }
      for (const id of thread.unanswered()) totals.get(this.#series[id]!.stream)!.pending++;
    }
    return totals;
  }

  /** The shard that holds what is unsaved longer than all that waits here; else none. */
  #behind(): Place[] {
    const [longest] = this.#unsaved.values();
    let oldest = longest?.from ?? Number.POSITIVE_INFINITY;
    let behind: Place | undefined;
    for (const place of this.#places) {
      const { unsavedCount, unsavedFrom = oldest } = place.thread;
      if (unsavedCount === 0 || unsavedFrom >= oldest) continue;
      [oldest, behind] = [unsavedFrom, place];
    }
    return behind ? [behind] : [];
  }

  async view(id: number): Promise<LearnedView | undefined> {
    const place = this.#placeOf[id];
    if (!place) return undefined;
    let view: LearnedView | undefined;
    const onView = (given: LearnedView | undefined): void => {
      view = given;
    };
    await this.#handOut([place], ({ thread }) => thread.view(id), { onView });
    return view;
  }

  async close(): Promise<void> {
    await Promise.all(this.#places.map(({ thread }) => thread.close()));
  }

  #apply(entry: JournalEntry, offset: number): Promise<SeriesPoints[]> {
    switch (entry.kind) {
      case 'series':
        this.#place(entry.series);
        return Promise.resolve([]);
      case 'samples':
        return this.#handOut(this.#deal(entry.batch), ({ thread, dealt }) => {
          thread.apply({ kind: 'samples', batch: dealt.take() }, offset);
        });
      case 'symbols':
        return Promise.resolve([]);
      case 'thin':
        for (const { thread } of this.#places) {
          if (thread.seriesCount === 0) thread.note(entry.factor, offset);
        }
        return this.#handOut(this.#working(), ({ thread }) => thread.apply(entry, offset));
      case 'tick':
        return this.#handOut(this.#working(), ({ thread }) => thread.apply(entry, offset));
    }
  }

  #place(series: SeriesInfo): void {
    const place = this.#placeFor(series);
    this.#assign(series, place);
    place.thread.add(series);
  }

  #placeFor({ group, name }: SeriesInfo): Place {
    return this.#places[shardOf(group?.key ?? name, this.#places.length)]!;
  }

  #assign(series: SeriesInfo, place: Place): void {
    this.#series[series.id] = series;
    this.#placeOf[series.id] = place;
  }

  #working(): Place[] {
    return this.#places.filter(({ thread }) => thread.seriesCount > 0);
  }

  /** @returns the shards that got some */
  #deal({ count, seriesId, timeMs, value }: SampleBatch): Place[] {
    for (let i = 0; i < count; i++) {
      const place = this.#placeOf[seriesId[i]!]!;
      place.dealt.push(seriesId[i]!, timeMs[i]!, value[i]!);
      place.origins.push(i);
    }
    return this.#places.filter(({ dealt }) => dealt.count > 0);
  }

  #handOut(
    places: readonly Place[],
    give: (place: Place) => void,
    {
      refused = [],
      forgotten = new Map(),
      onView,
    }: Partial<Pick<Gathering, 'refused' | 'forgotten' | 'onView'>> = {},
  ): Promise<SeriesPoints[]> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (places.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      const waiting = places.length;
      const gathering = { readers: [], refused, forgotten, onView, waiting, resolve, reject };
      for (const place of places) {
        const origins = place.origins.length > 0 ? place.origins : undefined;
        place.parts.push({ gathering, origins });
        place.origins = [];
        give(place);
      }
    });
  }

  #gather(place: Place, reply: ShardReply): void {
    const { points, names, counts, saved, refused, view } = reply;
    const { gathering, origins } = place.parts.shift()!;
    gathering.onView?.(view);
    place.counts = counts;
    for (const state of saved) this.#saved(state);
    gathering.refused.push(...refused);
    for (const [stream, own] of reply.forgotten ?? []) {
      const sum = gathering.forgotten.get(stream) ?? noCounts();
      gathering.forgotten.set(stream, sum);
      addCounts(sum, own);
    }
    gathering.readers.push(new PointsBlockReader(points, this.#seriesOf, origins, names));
    if (--gathering.waiting === 0) gathering.resolve(mergeBlocks(gathering.readers));
  }

  /** What waits to be given keeps its place in the row, and the entries it stands for. */
  #saved(state: SavedSeries): void {
    const from = this.#unsaved.get(state.id)?.from ?? state.from;
    this.#unsaved.set(state.id, { ...state, from });
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { parts } of this.#places) {
      for (const { gathering } of parts) gathering.reject(this.#failure);
    }
  }
}
