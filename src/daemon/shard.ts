/**
 * The core: journal entries in, points out. Pure: no clock, no I/O, no randomness but the seeds, so
 * the same entries give the same bytes. A shard owns its series and shares nothing.
 *
 * Entries carry their journal offsets. A series restored from a saved state skips what that state
 * holds already: whoever restores a shard applies the entries after the oldest state, all of them,
 * and each series takes up where it was. Of the `thin` entries it needs those too that were in force
 * before: how learning was thinned is told by the offset, and is in no saved state.
 */
import type { SampleBatch } from '../decode/sample.ts';
import type { SeriesInfo } from '../decode/series.ts';
import type { JournalEntry } from '../journal/journal.ts';
import type { SeriesPoints } from '../store/points.ts';
import { noCounts, type ShardCounts } from './channel.ts';
import type { Engines } from './engines.ts';
import type { Learned } from './learned.ts';
import { SeriesGroup } from './series-group.ts';
import type { StreamSettings } from './settings.ts';
import { SymbolSeries } from './symbol-series.ts';
import { ThinHistory } from './thin-history.ts';

export type { ShardCounts } from './channel.ts';

/**
 * Takes what was closed, in order.
 * @param origin what closed it: the sample's place in its batch; on ticks and at the end the series id
 */
export type Emit = (points: SeriesPoints, series: SeriesInfo, origin: number) => void;

/** A group's state after the entry `offset`; `id` is that of its first member. */
export interface SavedSeries {
  readonly id: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** A series and what it is learned with. */
interface Member {
  readonly info: SeriesInfo;
  readonly group: Learned;
}

export class Shard {
  readonly #settings: ReadonlyMap<string, StreamSettings>;
  readonly #engines: Engines;
  readonly #members = new Map<number, Member>();
  /** In ascending order of ids. */
  readonly #groups = new Set<Learned>();
  /** Those of several channels, by key. */
  readonly #groupOf = new Map<string, Learned>();
  /** Those that have changed since they were saved, the longest unsaved first. */
  readonly #unsaved = new Set<Learned>();
  readonly #thinning = new ThinHistory();
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
      case 'thin':
        this.#thinning.add(entry.factor, offset);
        break;
      case 'symbols':
        break;
    }
  }

  /** The input has ended: open steps are closed. */
  finish(emit: Emit): void {
    const factor = this.#thinning.at(Number.POSITIVE_INFINITY);
    for (const group of this.#groups) {
      thin(group, factor);
      group.finish((points, series) => emit(points, series, group.id));
    }
  }

  /** By stream, since the start; in the order of the settings. */
  counts(): ReadonlyMap<string, Readonly<ShardCounts>> {
    return this.#counts;
  }

  get seriesCount(): number {
    return this.#members.size;
  }

  /** The oldest entry that must be applied again to a shard restored now; undefined: none. */
  get unsavedFrom(): number | undefined {
    const [oldest] = this.#unsaved;
    return oldest?.unsavedFrom;
  }

  /** Saves what has waited longest; undefined when all is saved. */
  saveNext(offset: number): SavedSeries | undefined {
    const [group] = this.#unsaved;
    if (!group) return undefined;
    this.#unsaved.delete(group);
    group.unsavedFrom = undefined;
    return { id: group.id, offset, bytes: group.save() };
  }

  /**
   * Puts a group back as it was saved, once its members have been added.
   * @throws Error when the bytes are of other settings or damaged
   */
  restore({ id, offset, bytes }: SavedSeries): void {
    const { group } = this.#members.get(id)!;
    group.load(bytes);
    group.loadedAt = offset;
  }

  #add(info: SeriesInfo): void {
    let group = info.group && this.#groupOf.get(info.group.key);
    if (!group) {
      group = this.#createGroup(info);
      this.#groups.add(group);
      if (info.group) this.#groupOf.set(info.group.key, group);
    }
    group.add(info);
    this.#members.set(info.id, { info, group });
  }

  #createGroup(info: SeriesInfo): Learned {
    const settings = this.#settings.get(info.stream);
    const total = this.#counts.get(info.stream);
    const engine = this.#engines.get(info.stream);
    if (!settings || !total || !engine) {
      throw new Error(`series "${info.name}": no stream "${info.stream}"`);
    }
    const Kind = settings.symbolsMax === undefined ? SeriesGroup : SymbolSeries;
    return new Kind(info, settings, engine, total);
  }

  #push(batch: SampleBatch, offset: number, emit: Emit): void {
    const factor = this.#thinning.at(offset);
    let origin = 0;
    const emitHere = (points: SeriesPoints, series: SeriesInfo): void =>
      emit(points, series, origin);
    for (; origin < batch.count; origin++) {
      const { info, group } = this.#members.get(batch.seriesId[origin]!)!;
      if (group.loadedAt >= offset) continue;
      this.#changed(group, offset);
      thin(group, factor);
      group.push(info, batch.timeMs[origin]!, batch.value[origin]!, emitHere);
    }
  }

  #tick(timeMs: number, offset: number, emit: Emit): void {
    const factor = this.#thinning.at(offset);
    for (const group of this.#groups) {
      if (!group.followsClock || group.loadedAt >= offset) continue;
      this.#changed(group, offset);
      thin(group, factor);
      group.tick(timeMs, (points, series) => emit(points, series, group.id));
    }
  }

  #changed(group: Learned, offset: number): void {
    if (group.unsavedFrom !== undefined) return;
    group.unsavedFrom = offset;
    this.#unsaved.add(group);
  }
}

/** For each sample: hence only where it differs. */
function thin(group: Learned, factor: number): void {
  if (group.thinning !== factor) group.thinning = factor;
}
