/**
 * The core while a former life is taken up: groups are restored one by one, each when its first new
 * sample comes, and the others in the background. So a start with many series forecasts at once.
 *
 * A group that waits is unknown to the core inside. Ticks are kept for those that wait; their own
 * entries restore them first. How learning was thinned the core knows by itself, entry by entry.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { SeriesInfo } from '../decode/series.ts';
import type { JournalEntry } from '../journal/journal.ts';
import type { LearnedView } from '../observe/learned-view.ts';
import type { SeriesPoints } from '../store/points.ts';
import type { Backlog } from './backlog.ts';
import type { Core, ForgottenCounts } from './core.ts';
import type { LoggedEntries } from './entry-log.ts';
import { least } from './least.ts';
import type { RestoredGroup, SavedSeries } from './shard.ts';

/** Restored without a pause. */
const GROUPS_A_TURN = 8;
const TURN_MS_MAX = 5;

/** A group that waits. */
export interface WaitingGroup {
  /** That of its first member. */
  readonly id: number;
  readonly series: readonly SeriesInfo[];
  /** The newest entry that its state holds; −1: there is none. */
  readonly after: number;
}

export interface RecoverySource {
  readonly groups: ReadonlyMap<number, WaitingGroup>;
  readonly backlog: Backlog;
  /** The newest entry in the backlog. */
  readonly through: number;
  /** Points of entries up to this one were told in the former life. */
  readonly emitAfter: number;
  /** undefined: it cannot be read, which has been said. */
  state(id: number): RestoredGroup['saved'];
  /** All that the journal still has of a group, up to the entry `through`. */
  history(group: WaitingGroup, through: number): LoggedEntries;
  /** Its state does not fit. */
  refused(id: number, detail: string): void;
  /** All are restored, and what they had to tell is told. */
  done(): void;
}

/** With what came after its state, or with all there is, where that is lost. */
export function restoredGroup(
  source: Pick<RecoverySource, 'backlog' | 'state' | 'history'>,
  group: WaitingGroup,
  through: number,
): RestoredGroup {
  const { id, series, after } = group;
  const saved = after < 0 ? undefined : source.state(id);
  const newest = source.backlog.take(id, after);
  const isLost = after >= 0 && !saved;
  return { series, saved, entries: isLost ? source.history(group, through) : newest, through };
}

export class RecoveringCore implements Core {
  readonly #core: Core;
  readonly #source: RecoverySource;
  readonly #waiting: Map<number, WaitingGroup>;
  /** By series. */
  readonly #groupOf = new Map<number, WaitingGroup>();
  /** By what members of a group share. */
  readonly #groupOfKey = new Map<string, WaitingGroup>();
  readonly #keepFrom: number;
  #through: number;
  /** What was restored since the last `apply`. */
  #restored: Promise<readonly SeriesPoints[]>[] = [];
  /** Groups restored since then … */
  #restoredIds: number[] = [];
  /** … and all whose points nobody has put yet: until then a saved state would be ahead of them. */
  readonly #untold = new Set<number>();
  /** The newest `apply`. */
  #before: Promise<unknown> = Promise.resolve();
  #background: Promise<void> | undefined;
  #settled = false;
  #closed = false;

  constructor(core: Core, source: RecoverySource) {
    this.#core = core;
    this.#source = source;
    this.#waiting = new Map(source.groups);
    this.#through = source.through;
    let oldest = source.through;
    for (const group of this.#waiting.values()) {
      oldest = Math.min(oldest, group.after);
      for (const series of group.series) {
        this.#groupOf.set(series.id, group);
        if (series.group) this.#groupOfKey.set(series.group.key, group);
      }
    }
    this.#keepFrom = oldest + 1;
  }

  /** All groups are restored, and what they had to tell has been taken. */
  get settled(): boolean {
    return this.#settled;
  }

  /** Whether what the group had to tell when it was restored has been put. */
  isTold(id: number): boolean {
    return !this.#untold.has(id);
  }

  /** Restores what nobody asks for, little by little; resolves when none waits. */
  recover(): Promise<void> {
    this.#background ??= this.#recover();
    return this.#background;
  }

  apply(entries: readonly JournalEntry[], offset: number): Promise<readonly SeriesPoints[]> {
    const points = this.#apply(entries, offset);
    // Who waits for an earlier one hears of a failure first, and need not ask for this one.
    points.catch(() => {});
    return points;
  }

  async #apply(entries: readonly JournalEntry[], offset: number): Promise<readonly SeriesPoints[]> {
    if (this.#waiting.size > 0) {
      this.#restore(this.#touchedBy(entries));
      for (const [i, entry] of entries.entries()) {
        this.#source.backlog.add(entry, offset + i, () => undefined);
      }
    }
    if (entries.length > 0) this.#through = offset + entries.length - 1;
    const restored = this.#restored.splice(0);
    const ids = this.#restoredIds.splice(0);
    const applied = this.#core.apply(entries, offset);
    if (this.#settled) return applied;
    const isLast = this.#waiting.size === 0;
    const points = this.#inOrder([...restored, applied]);
    // By then whoever called has put them, as they come in order.
    const told = (): unknown => setImmediate(() => this.#told(ids, isLast));
    this.#before = points.then(told, () => {});
    return points;
  }

  /** Not before what earlier calls give: other threads may be done with a later entry first. */
  async #inOrder(
    parts: readonly Promise<readonly SeriesPoints[]>[],
  ): Promise<readonly SeriesPoints[]> {
    const before = this.#before;
    const points = (await Promise.all(parts)).flat();
    await before;
    return points;
  }

  #told(ids: readonly number[], isLast: boolean): void {
    for (const id of ids) this.#untold.delete(id);
    if (!isLast || this.#settled) return;
    this.#settled = true;
    this.#source.done();
  }

  /** @throws Error while a former life is being taken up */
  async forget(ids: readonly number[]): Promise<ForgottenCounts> {
    if (!this.#settled) throw new Error('what an earlier run has left is still being taken up');
    return this.#core.forget(ids);
  }

  adopt: Core['adopt'] = (groups, emitAfter) => this.#core.adopt(groups, emitAfter);

  async finish(): Promise<readonly SeriesPoints[]> {
    await this.recover();
    const restored = await Promise.all(this.#restored.splice(0));
    return [...restored.flat(), ...(await this.#core.finish())];
  }

  save(countMax: number): Promise<readonly SavedSeries[]> {
    return this.#core.save(countMax);
  }

  get unsavedCount(): number {
    return this.#core.unsavedCount;
  }

  get unsavedFrom(): number | undefined {
    const { unsavedFrom } = this.#core;
    return this.#waiting.size > 0 ? least(unsavedFrom, this.#keepFrom) : unsavedFrom;
  }

  /** Series that are not taken up yet. */
  get waitingCount(): number {
    return this.#groupOf.size;
  }

  /** One that waits is taken up first; what it has to tell comes with the next `apply`. */
  view(id: number): Promise<LearnedView | undefined> {
    const group = this.#groupOf.get(id);
    if (group) this.#restore([group]);
    return this.#core.view(id);
  }

  /** What waits counts as pending. */
  counts(): ReturnType<Core['counts']> {
    const counts = new Map([...this.#core.counts()].map(([name, own]) => [name, { ...own }]));
    for (const { id, series } of this.#waiting.values()) {
      const own = counts.get(series[0]!.stream);
      if (own) own.pending += this.#source.backlog.samplesOf(id);
    }
    return counts;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#background?.catch(() => {}); // `apply` has told
    await this.#core.close();
  }

  async #recover(): Promise<void> {
    while (this.#waiting.size > 0 && !this.#closed) {
      const untilMs = performance.now() + TURN_MS_MAX;
      let before: Promise<unknown> | undefined;
      do {
        this.#restore(first(this.#waiting.values(), GROUPS_A_TURN));
        // A new sample waits for two such lots at most; and threads have something to go on with.
        const newest = this.#restored.at(-1);
        await before;
        before = newest;
      } while (this.#waiting.size > 0 && performance.now() < untilMs);
      await before;
      await turn();
    }
  }

  #touchedBy(entries: readonly JournalEntry[]): Set<WaitingGroup> {
    const touched = new Set<WaitingGroup>();
    const add = (group: WaitingGroup | undefined): void => {
      if (group) touched.add(group);
    };
    for (const entry of entries) {
      if (entry.kind === 'series' && entry.series.group) {
        add(this.#groupOfKey.get(entry.series.group.key));
      } else if (entry.kind === 'samples') {
        const { count, seriesId } = entry.batch;
        for (let i = 0; i < count; i++) add(this.#groupOf.get(seriesId[i]!));
      }
    }
    return touched;
  }

  #restore(waiting: Iterable<WaitingGroup>): void {
    const groups: RestoredGroup[] = [];
    for (const group of waiting) {
      const { id, series } = group;
      this.#waiting.delete(id);
      this.#untold.add(id);
      this.#restoredIds.push(id);
      for (const info of series) {
        this.#groupOf.delete(info.id);
        if (info.group) this.#groupOfKey.delete(info.group.key);
      }
      groups.push(restoredGroup(this.#source, group, this.#through));
    }
    if (groups.length === 0) return;
    const adopted = this.#core.adopt(groups, this.#source.emitAfter).then((told) => {
      for (const { id, detail } of told.refused) this.#source.refused(id, detail);
      return told.points;
    });
    adopted.catch(() => {}); // told by `apply`
    this.#restored.push(adopted);
  }
}

function first<T>(values: Iterable<T>, count: number): T[] {
  const some: T[] = [];
  for (const value of values) {
    if (some.length === count) break;
    some.push(value);
  }
  return some;
}
