import type { JournalEntry } from '../journal/journal.ts';
import { PointsBlockWriter } from '../store/points-block.ts';
import type { Refusal } from './core.ts';
import type { Engines } from './engines.ts';
import { replayEntries } from './entry-log.ts';
import type { SavedSeries, Shard } from './shard.ts';
import { COUNTS, type ShardReply, type ShardRequest } from './shard-protocol.ts';
import { atOnce } from './turns.ts';

/**
 * One series is saved for so many samples. So with n series at work each is saved every 64 n samples
 * of the shard, and that many at most must be applied again after a death.
 */
const SAMPLES_PER_SAVE = 64;
/** A tick that goes by so many series counts as a sample, so that silence is saved too. */
const TICKED_SERIES_PER_SAMPLE = 16;

/** A shard in its thread: requests in, replies out. Knows nothing of threads itself. */
export class ShardHost {
  readonly #shard: Shard;
  readonly #points = new PointsBlockWriter();
  readonly #emit = this.#points.add.bind(this.#points);
  /** Samples since the last save. */
  #samples = 0;

  constructor(shard: Shard) {
    this.#shard = shard;
  }

  /** @param engines to `reconfigure` alone: of its streams */
  handle(request: ShardRequest, engines?: Engines): ShardReply | undefined {
    if (request.kind === 'restore') {
      this.#restore(request);
      return undefined;
    }
    for (const series of request.series) this.#add({ kind: 'series', series });
    switch (request.kind) {
      case 'finish':
        atOnce(this.#shard.finish(this.#emit));
        return this.#reply([]);
      case 'adopt':
        return this.#adopt(request);
      case 'save':
        return this.#reply(this.#saveAsked(request));
      case 'reconfigure':
        return this.#reply([], atOnce(this.#shard.reconfigure(request.change, engines!)));
      case 'forget':
        return this.#forget(request.ids);
      case 'view':
        return { ...this.#reply([]), view: this.#shard.view(request.id) };
      case 'apply':
        this.#shard.apply(request.entry, request.offset, this.#emit);
        return this.#reply(this.#save(request.entry, request.offset));
    }
  }

  /** Saved at once where entries were applied: the main thread need not keep those. */
  #adopt({ groups, emitAfter }: ShardRequest & { kind: 'adopt' }): ShardReply {
    const saved: SavedSeries[] = [];
    const refused: Refusal[] = [];
    for (const [place, group] of groups.entries()) {
      const detail = this.#shard.adopt(group, emitAfter, (points, series) =>
        this.#emit(points, series, place),
      );
      const { id } = group.series[0]!;
      if (detail) refused.push({ id, detail });
      const state = this.#shard.saveGroup(id, group.through);
      if (state) saved.push(state);
    }
    return this.#reply(saved, refused);
  }

  #forget(ids: readonly number[]): ShardReply {
    const forgotten = this.#shard.forget(ids);
    return { ...this.#reply([]), forgotten };
  }

  #saveAsked({ offset, countMax, streams }: ShardRequest & { kind: 'save' }): SavedSeries[] {
    if (streams) return this.#shard.saveStreams(streams, offset, countMax);
    const saved: SavedSeries[] = [];
    while (saved.length < countMax) {
      const state = this.#shard.saveNext(offset);
      if (!state) break;
      saved.push(state);
    }
    return saved;
  }

  #restore({ series, thinning, entries }: ShardRequest & { kind: 'restore' }): void {
    for (const { offset, factor } of thinning) {
      this.#shard.apply({ kind: 'thin', factor }, offset, () => {});
    }
    for (const { info } of series) this.#add({ kind: 'series', series: info });
    for (const { saved } of series) if (saved) this.#shard.restore(saved);
    for (const { entry, offset } of replayEntries(entries)) {
      this.#shard.apply(entry, offset, () => {});
    }
  }

  #add(entry: JournalEntry & { kind: 'series' }): void {
    this.#shard.apply(entry, 0, () => {});
  }

  #save(entry: JournalEntry, offset: number): SavedSeries[] {
    const saved: SavedSeries[] = [];
    this.#samples += this.#work(entry);
    while (this.#samples >= SAMPLES_PER_SAVE) {
      const series = this.#shard.saveNext(offset);
      if (!series) {
        this.#samples = 0;
        break;
      }
      saved.push(series);
      this.#samples -= SAMPLES_PER_SAVE;
    }
    return saved;
  }

  #work(entry: JournalEntry): number {
    if (entry.kind === 'samples') return entry.batch.count;
    return Math.ceil(this.#shard.seriesCount / TICKED_SERIES_PER_SAMPLE);
  }

  #reply(saved: SavedSeries[], refused: Refusal[] = []): ShardReply {
    const streams = [...this.#shard.counts().values()];
    return {
      points: this.#points.take(),
      names: this.#points.names,
      counts: Float64Array.from(streams.flatMap((counts) => COUNTS.map((name) => counts[name]))),
      saved,
      refused,
      unsavedFrom: this.#shard.unsavedFrom,
      unsavedCount: this.#shard.unsavedCount,
    };
  }
}

/** The buffers of a reply that change hands. */
export function transfers({ points, counts, saved }: ShardReply): ArrayBuffer[] {
  return [points.buffer, counts.buffer, ...saved.map(({ bytes }) => bytes.buffer as ArrayBuffer)];
}
