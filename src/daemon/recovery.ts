/**
 * What a former life of the process has left in the store: the series, their states, and the journal
 * after these. See recovering-core.ts on how it is taken up.
 */
import type { SeriesInfo } from '../decode/series.ts';
import type { LmdbJournal } from '../journal/lmdb.ts';
import { readHeads, type StateHead } from '../store/heads.ts';
import type { StateStore } from '../store/state-store.ts';
import { Backlog } from './backlog.ts';
import type { LoggedEntries } from './entry-log.ts';
import type { RecoveryEvents } from './known-series.ts';
import type { RecoverySource, WaitingGroup } from './recovering-core.ts';

export interface RecoveryParts {
  readonly store: StateStore;
  readonly journal: LmdbJournal;
  /** Of streams that are wanted. */
  readonly series: readonly SeriesInfo[];
  /** See `knownHeads`. */
  readonly heads: ReadonlyMap<number, StateHead>;
  readonly emitAfter: number;
  readonly onDone?: () => void;
}

export class Recovery implements RecoverySource {
  readonly groups: ReadonlyMap<number, WaitingGroup>;
  readonly backlog = new Backlog();
  readonly through: number;
  readonly emitAfter: number;
  readonly done: () => void;
  readonly #store: StateStore;
  readonly #journal: LmdbJournal;
  readonly #heads: ReadonlyMap<number, StateHead>;
  readonly #names: ReadonlyMap<number, string>;
  readonly #onLoss: RecoveryEvents['onLoss'];

  constructor(parts: RecoveryParts, { onLoss }: RecoveryEvents) {
    this.#store = parts.store;
    this.#journal = parts.journal;
    this.#names = namesOf(parts.series);
    this.#onLoss = onLoss;
    this.emitAfter = parts.emitAfter;
    this.done = parts.onDone ?? (() => {});
    this.through = parts.journal.end - 1;
    this.#heads = parts.heads;
    this.groups = waitingGroups(parts.series, this.#heads);
  }

  /** The journal after the oldest state goes to the backlog; a record a step. */
  *fill(): Generator<void, void> {
    const groupOf = new Map<number, WaitingGroup>();
    let oldest = this.through;
    for (const group of this.groups.values()) {
      oldest = Math.min(oldest, group.after);
      for (const { id } of group.series) groupOf.set(id, group);
    }
    const from = Math.max(oldest + 1, this.#journal.first);
    for (const { entry, offset } of this.#journal.entriesFrom(from)) {
      this.backlog.add(entry, offset, (id) => groupOf.get(id));
      yield;
    }
  }

  state(id: number): { id: number; offset: number; bytes: Uint8Array } | undefined {
    try {
      const bytes = this.#store.get('states', id);
      if (!bytes) throw new Error('it is not there');
      return { id, offset: this.#heads.get(id)!.offset, bytes };
    } catch (error) {
      this.#onLoss(stateLost(this.#nameOf(id), (error as Error).message));
      return undefined;
    }
  }

  history({ series }: WaitingGroup, through: number): LoggedEntries {
    const members = new Set(series.map(({ id }) => id));
    const kept = new Backlog();
    for (const { entry, offset } of this.#journal.entriesFrom(this.#journal.first)) {
      if (offset > through) break;
      kept.add(entry, offset, (id) => (members.has(id) ? EVERYTHING : undefined));
    }
    return kept.take(EVERYTHING.id, -1);
  }

  refused(id: number, detail: string): void {
    this.#onLoss(refusal(this.#nameOf(id), detail));
  }

  #nameOf(id: number): string {
    return nameIn(this.#names, id);
  }
}

const EVERYTHING = { id: 0, after: -1 };

/** Of all saved states; a head that cannot be read is told of, by the name of its series. */
export function knownHeads(
  store: StateStore,
  series: readonly SeriesInfo[],
  { onLoss }: RecoveryEvents,
): Map<number, StateHead> {
  const names = namesOf(series);
  return readHeads(store, (id, reason) => onLoss(stateLost(nameIn(names, id), reason)));
}

export function refusal(series: string, detail: string): string {
  return `${series}: it cannot be taken up (${detail}); it begins anew`;
}

function namesOf(series: readonly SeriesInfo[]): Map<number, string> {
  return new Map(series.map(({ id, name }) => [id, name]));
}

function nameIn(names: ReadonlyMap<number, string>, id: number): string {
  return `series ${names.get(id) ?? id}`;
}

function stateLost(series: string, reason: string): string {
  return `${series}: its state is lost (${reason}); it begins anew with what the journal still has`;
}

function waitingGroups(
  series: readonly SeriesInfo[],
  heads: ReadonlyMap<number, StateHead>,
): Map<number, WaitingGroup> {
  const groups = new Map<number, { id: number; series: SeriesInfo[]; after: number }>();
  const ids = new Map<string, number>();
  for (const info of series.toSorted((a, b) => a.id - b.id)) {
    const id = info.group ? (ids.get(info.group.key) ?? info.id) : info.id;
    if (info.group) ids.set(info.group.key, id);
    const group = groups.get(id) ?? { id, series: [], after: heads.get(id)?.offset ?? -1 };
    group.series.push(info);
    groups.set(id, group);
  }
  return groups;
}
