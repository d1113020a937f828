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
import type { LearnedView } from '../observe/learned-view.ts';
import type { SeriesPoints } from '../store/points.ts';
import { addCounts, noCounts, type ShardCounts } from './channel.ts';
import type { Refusal } from './core.ts';
import type { Engines } from './engines.ts';
import { type LoggedEntries, replayEntries } from './entry-log.ts';
import type { Learned } from './learned.ts';
import type { Reconfiguration } from './reconfiguration.ts';
import { SeriesGroup } from './series-group.ts';
import type { StreamSettings } from './settings.ts';
import type { RestoredGroup, SavedSeries, SavedState } from './shard-states.ts';
import { SymbolSeries } from './symbol-series.ts';
import { ThinHistory } from './thin-history.ts';
import { atOnce } from './turns.ts';

export type { ShardCounts } from './channel.ts';
export type { RestoredGroup, SavedSeries, SavedState } from './shard-states.ts';

/**
 * Takes what was closed, in order.
 * @param origin what closed it: the sample's place in its batch; on ticks and at the end the series id
 */
export type Emit = (points: SeriesPoints, series: SeriesInfo, origin: number) => void;

/** A series and what it is learned with. */
interface Member {
  readonly info: SeriesInfo;
  readonly group: Learned;
}

export class Shard {
  #settings: ReadonlyMap<string, StreamSettings>;
  #engines: Engines;
  readonly #members = new Map<number, Member>();
  /** In ascending order of ids. */
  readonly #groups = new Set<Learned>();
  /** Those of several channels, by key. */
  readonly #groupOf = new Map<string, Learned>();
  /** Those that have changed since they were saved, the longest unsaved first. */
  readonly #unsaved = new Set<Learned>();
  /** The same of adopted ones, whose changes may be older than any other. */
  readonly #adopted = new Set<Learned>();
  readonly #thinning = new ThinHistory();
  #counts: ReadonlyMap<string, ShardCounts>;

  constructor(settings: ReadonlyMap<string, StreamSettings>, engines: Engines) {
    this.#settings = settings;
    this.#engines = engines;
    this.#counts = new Map([...settings.keys()].map((stream) => [stream, noCounts()]));
  }

  /** One entry moves the state on. */
  apply(entry: JournalEntry, offset: number, emit: Emit): void {
    atOnce(this.steps(entry, offset, emit));
  }

  /** The same, a sample of a batch or a group at a tick a step; nothing is saved in between. */
  *steps(entry: JournalEntry, offset: number, emit: Emit): Generator<void, void> {
    switch (entry.kind) {
      case 'series':
        this.#add(entry.series);
        break;
      case 'samples':
        yield* this.#push(entry.batch, offset, emit);
        break;
      case 'tick':
        for (const group of this.#groups) {
          this.#tickGroup(group, entry.timeMs, offset, emit);
          yield;
        }
        break;
      case 'thin':
        this.#thinning.add(entry.factor, offset);
        break;
      case 'symbols':
        break;
    }
  }

  /** The input has ended: open steps are closed, those of a group a step. */
  *finish(emit: Emit): Generator<void, void> {
    const factor = this.#thinning.at(Number.POSITIVE_INFINITY);
    for (const group of this.#groups) {
      thin(group, factor);
      group.finish((points, series) => emit(points, series, group.id));
      yield;
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
    const [longest] = this.#unsaved;
    let oldest = longest?.unsavedFrom ?? Number.POSITIVE_INFINITY;
    for (const group of this.#adopted) oldest = Math.min(oldest, group.unsavedFrom!);
    return Number.isFinite(oldest) ? oldest : undefined;
  }

  /** Saves what has waited longest; undefined when all is saved. */
  saveNext(offset: number): SavedSeries | undefined {
    const [group] = this.#adopted.size > 0 ? this.#adopted : this.#unsaved;
    return group && this.#save(group, offset);
  }

  /** Saves one group, where it has changed since. */
  saveGroup(id: number, offset: number): SavedSeries | undefined {
    const { group } = this.#members.get(id)!;
    return group.unsavedFrom === undefined ? undefined : this.#save(group, offset);
  }

  /** As `saveNext`, of these streams alone. */
  saveStreams(streams: ReadonlySet<string>, offset: number, countMax: number): SavedSeries[] {
    const next: Learned[] = [];
    for (const group of [...this.#adopted, ...this.#unsaved]) {
      if (next.length >= countMax) break;
      if (streams.has(this.#members.get(group.id)!.info.stream)) next.push(group);
    }
    return next.map((group) => this.#save(group, offset));
  }

  /**
   * Series go, and what was learned with them; all members of a group at once. Ids that it does not
   * know are passed over.
   * @returns by stream, what became of their samples; they are in `counts` no more
   */
  forget(ids: readonly number[]): Map<string, ShardCounts> {
    const gone = new Map<string, ShardCounts>();
    for (const id of ids) {
      const member = this.#members.get(id);
      if (!member) continue;
      const { info, group } = member;
      this.#members.delete(id);
      if (!this.#letGo(group, info)) continue;
      const sum = gone.get(info.stream) ?? noCounts();
      gone.set(info.stream, sum);
      addCounts(sum, group.counts());
      addCounts(this.#counts.get(info.stream)!, group.counts(), -1);
    }
    return gone;
  }

  /** How many groups have changed since they were saved. */
  get unsavedCount(): number {
    return this.#unsaved.size + this.#adopted.size;
  }

  #save(group: Learned, offset: number): SavedSeries {
    const from = group.unsavedFrom!;
    this.#unsaved.delete(group);
    this.#adopted.delete(group);
    group.unsavedFrom = undefined;
    return { id: group.id, offset, from, bytes: group.save(), summary: group.summary() };
  }

  /** What has been learned of a series, and with it; undefined: there is no such series. */
  view(id: number): LearnedView | undefined {
    return this.#members.get(id)?.group.view();
  }

  /**
   * Puts a group back as it was saved, once its members have been added.
   * @throws Error when the bytes are of other settings or damaged
   */
  restore({ id, offset, bytes }: SavedState): void {
    const { group } = this.#members.get(id)!;
    group.load(bytes);
    group.loadedAt = offset;
  }

  /**
   * Brings a group of a former life up to date: its state, then the entries after it.
   * @param emitAfter what older entries close was told in that life
   * @returns why its state cannot be loaded (it then begins anew, with these entries), or why these
   *   cannot be applied (it then begins anew without them)
   */
  adopt(
    { series, saved, entries }: RestoredGroup,
    emitAfter: number,
    emit: Emit,
  ): string | undefined {
    for (const info of series) this.#add(info);
    const refused = saved && this.#failureOf(series, () => this.restore(saved));
    // What ended the process once would do so at every start.
    const failed = this.#failureOf(series, () => this.#replay(series, entries, emitAfter, emit));
    return failed ? `its entries cannot be applied: ${failed}` : refused;
  }

  /**
   * A group a step; in between, no samples may come. What changed streams have learned must be saved.
   * @returns groups that begin anew, as their states do not fit
   */
  *reconfigure(
    { settings, dropped, changed }: Reconfiguration,
    engines: Engines,
  ): Generator<void, Refusal[]> {
    const gone = this.#groupsOf(dropped);
    const others = this.#groupsOf(changed);
    const before = this.#counts;
    this.#settings = settings;
    this.#engines = engines;
    this.#counts = new Map(
      [...settings.keys()].map((stream) => {
        const isNew = dropped.has(stream) || changed.has(stream);
        return [stream, (isNew ? undefined : before.get(stream)) ?? noCounts()];
      }),
    );
    const order = [...this.#groups];
    for (const [group, series] of gone) this.#forget(group, series);
    const refused: Refusal[] = [];
    for (const [group, series] of others) {
      const { id, loadedAt: offset } = group;
      const state = { id, offset, bytes: group.save() };
      this.#forget(group, series);
      for (const info of series) this.#add(info);
      const detail = this.#failureOf(series, () => this.restore(state));
      if (detail) refused.push({ id, detail });
      yield;
    }
    this.#groups.clear();
    for (const { id } of order) {
      const member = this.#members.get(id);
      if (member) this.#groups.add(member.group);
    }
    return refused;
  }

  /** Of these streams; with their members, in ascending order of ids. */
  #groupsOf(streams: ReadonlySet<string>): Map<Learned, SeriesInfo[]> {
    const groups = new Map<Learned, SeriesInfo[]>();
    if (streams.size === 0) return groups;
    for (const { info, group } of this.#members.values()) {
      if (!streams.has(info.stream)) continue;
      const series = groups.get(group) ?? [];
      groups.set(group, series);
      series.push(info);
    }
    for (const series of groups.values()) series.sort((a, b) => a.id - b.id);
    return groups;
  }

  #forget(group: Learned, series: readonly SeriesInfo[]): void {
    for (const { id } of series) this.#members.delete(id);
    this.#letGo(group, series[0]!);
  }

  /** @param info of any of its members @returns false: it has gone before */
  #letGo(group: Learned, { group: place }: SeriesInfo): boolean {
    if (place) this.#groupOf.delete(place.key);
    this.#unsaved.delete(group);
    this.#adopted.delete(group);
    return this.#groups.delete(group);
  }

  #replay(
    series: readonly SeriesInfo[],
    entries: LoggedEntries,
    emitAfter: number,
    emit: Emit,
  ): void {
    const { group } = this.#members.get(series[0]!.id)!;
    for (const { entry, offset } of replayEntries(entries)) {
      const tell = offset > emitAfter ? emit : undefined;
      if (entry.kind === 'samples') atOnce(this.#push(entry.batch, offset, tell));
      else if (entry.kind === 'tick') this.#tickGroup(group, entry.timeMs, offset, tell);
    }
    if (this.#unsaved.delete(group)) this.#adopted.add(group);
  }

  /** Where the work on a group fails, the group is a new one again. @returns why it failed */
  #failureOf(series: readonly SeriesInfo[], work: () => void): string | undefined {
    const [first] = series;
    const total = this.#counts.get(first!.stream)!;
    const before = { ...total };
    try {
      work();
      return undefined;
    } catch (error) {
      Object.assign(total, before);
      this.#letGo(this.#members.get(first!.id)!.group, first!);
      for (const info of series) this.#add(info);
      return (error as Error).message;
    }
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

  *#push(batch: SampleBatch, offset: number, emit: Emit | undefined): Generator<void, void> {
    const factor = this.#thinning.at(offset);
    let origin = 0;
    const emitHere =
      emit && ((points: SeriesPoints, series: SeriesInfo): void => emit(points, series, origin));
    for (; origin < batch.count; origin++) {
      const member = this.#members.get(batch.seriesId[origin]!);
      // A thread that takes over is given entries again of series that were forgotten since.
      if (member && member.group.loadedAt < offset) {
        const { info, group } = member;
        this.#changed(group, offset);
        thin(group, factor);
        group.push(info, batch.timeMs[origin]!, batch.value[origin]!, emitHere);
      }
      yield;
    }
  }

  #tickGroup(group: Learned, timeMs: number, offset: number, emit: Emit | undefined): void {
    if (!group.followsClock || group.loadedAt >= offset) return;
    this.#changed(group, offset);
    thin(group, this.#thinning.at(offset));
    group.tick(timeMs, emit && ((points, series) => emit(points, series, group.id)));
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
