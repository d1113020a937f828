/**
 * The core: journal entries in, points out. Pure: no clock, no I/O, no randomness but the seeds, so
 * the same entries give the same bytes. A shard owns its series and shares nothing.
 *
 * Entries carry their journal offsets. A series restored from a saved state skips what that state
 * holds already: whoever restores a shard applies the entries after the oldest state, all of them,
 * and each series takes up where it was.
 */
import type { SampleBatch } from '../decode/sample.ts';
import type { SeriesInfo } from '../decode/series.ts';
import type { JournalEntry } from '../journal/journal.ts';
import type { SeriesPoints } from '../store/points.ts';
import type { Engines } from './engines.ts';
import { noCounts, Series, type ShardCounts } from './series.ts';
import type { StreamSettings } from './settings.ts';

export type { ShardCounts } from './series.ts';

/**
 * Takes what was closed, in order.
 * @param origin what closed it: the sample's place in its batch; on ticks and at the end the series id
 */
export type Emit = (points: SeriesPoints, series: SeriesInfo, origin: number) => void;

/** A series' state after the entry `offset`. */
export interface SavedSeries {
  readonly id: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export class Shard {
  readonly #settings: ReadonlyMap<string, StreamSettings>;
  readonly #engines: Engines;
  /** In ascending order of ids. */
  readonly #series = new Map<number, Series>();
  /** Those that have changed since they were saved, the longest unsaved first. */
  readonly #unsaved = new Set<Series>();
  readonly #counts: ReadonlyMap<string, ShardCounts>;

  constructor(settings: ReadonlyMap<string, StreamSettings>, engines: Engines) {
    this.#settings = settings;
    this.#engines = engines;
    this.#counts = new Map([...settings.keys()].map((stream) => [stream, noCounts()]));
  }

  /** One entry moves the state on. */
  apply(entry: JournalEntry, offset: number, emit: Emit): void {
    switch (entry.kind) {
      case 'series':
        this.#add(entry.series);
        break;
      case 'samples':
        this.#push(entry.batch, offset, emit);
        break;
      case 'tick':
        this.#tick(entry.timeMs, offset, emit);
        break;
    }
  }

  /** The input has ended: open steps are closed. */
  finish(emit: Emit): void {
    for (const series of this.#series.values()) {
      const { info } = series;
      series.finish((points) => emit(points, info, info.id));
    }
  }

  /** By stream, since the start; in the order of the settings. */
  counts(): ReadonlyMap<string, Readonly<ShardCounts>> {
    return this.#counts;
  }

  get seriesCount(): number {
    return this.#series.size;
  }

  /** The oldest entry that must be applied again to a shard restored now; undefined: none. */
  get unsavedFrom(): number | undefined {
    const [oldest] = this.#unsaved;
    return oldest?.unsavedFrom;
  }

  /** Saves the series that has waited longest; undefined when all are saved. */
  saveNext(offset: number): SavedSeries | undefined {
    const [series] = this.#unsaved;
    if (!series) return undefined;
    this.#unsaved.delete(series);
    series.unsavedFrom = undefined;
    return { id: series.info.id, offset, bytes: series.save() };
  }

  /**
   * Adds a series as it was saved. In ascending order of ids, like new ones.
   * @throws Error when the bytes are of other settings or damaged
   */
  restore(info: SeriesInfo, saved: SavedSeries): void {
    const series = this.#add(info);
    series.load(saved.bytes);
    series.loadedAt = saved.offset;
  }

  #add(info: SeriesInfo): Series {
    const settings = this.#settings.get(info.stream);
    const total = this.#counts.get(info.stream);
    const engine = this.#engines.get(info.stream);
    if (!settings || !total || !engine) {
      throw new Error(`series "${info.name}": no stream "${info.stream}"`);
    }
    const series = new Series(info, settings, engine, total);
    this.#series.set(info.id, series);
    return series;
  }

  #push(batch: SampleBatch, offset: number, emit: Emit): void {
    let origin = 0;
    let info!: SeriesInfo;
    const emitHere = (points: SeriesPoints): void => emit(points, info, origin);
    for (; origin < batch.count; origin++) {
      const series = this.#series.get(batch.seriesId[origin]!)!;
      if (series.loadedAt >= offset) continue;
      info = series.info;
      this.#changed(series, offset);
      series.push(batch.timeMs[origin]!, batch.value[origin]!, emitHere);
    }
  }

  #tick(timeMs: number, offset: number, emit: Emit): void {
    for (const series of this.#series.values()) {
      if (!series.followsClock || series.loadedAt >= offset) continue;
      const { info } = series;
      this.#changed(series, offset);
      series.tick(timeMs, (points) => emit(points, info, info.id));
    }
  }

  #changed(series: Series, offset: number): void {
    if (series.unsavedFrom !== undefined) return;
    series.unsavedFrom = offset;
    this.#unsaved.add(series);
  }
}
