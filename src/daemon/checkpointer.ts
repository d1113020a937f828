/**
 * Saves what has been learned, a few series at a time, each about once in `everyMs`. A commit holds
 * states and whatever points wait in memory alone, so that no state is ahead of its points. Behind
 * the oldest state (and the oldest point that would be lost) the journal is given up.
 */
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { LmdbJournal } from '../journal/lmdb.ts';
import { putState } from '../store/heads.ts';
import type { DurableOutbox } from '../store/outbox.ts';
import type { StateStore } from '../store/state-store.ts';
import type { Core } from './core.ts';
import { least } from './least.ts';
import type { Reconfigurable } from './reconfiguration.ts';
import type { SavedSeries } from './shard.ts';

const ROUND_MS = 1_000;
/** Saved without a pause: a state takes about a tenth of a millisecond. */
const STATES_A_TURN = 8;
const STATES_A_COMMIT = 256;
/** Longer commits would hold up the journal's. */
const COMMIT_BYTES_MAX = 2 ** 20;
/** While nothing comes there is nothing to hold up. */
const IDLE_COMMIT_BYTES_MAX = 2 ** 24;
/** Above this share of its room, the journal is emptied by saving faster. */
const JOURNAL_EASE = 0.5;
const HURRY_MAX = 64;
const POLL_MS = 2;

export interface CheckpointerParts {
  readonly store: StateStore;
  readonly journal: LmdbJournal;
  readonly core: Core;
  readonly outbox: DurableOutbox;
  readonly everyMs: number;
  /** Whether all points that the state of a group has behind it have been put. */
  readonly isTold: (id: number) => boolean;
  /** undefined: nothing is being computed again any more. */
  readonly recoveringFrom: () => number | undefined;
  /** The journal has room again. */
  readonly onTrim: () => void;
}

export class Checkpointer {
  readonly #parts: CheckpointerParts;
  readonly #stopped = new AbortController();
  /** Taken from the core and not on the disk yet; by id. */
  #held = new Map<number, SavedSeries>();
  /** Points of entries up to this one are on the disk, or written. */
  #doneThrough: number;
  #running: Promise<void> | undefined;
  /** Rounds, and whatever must not meet one, come one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #abandoned = false;
  /** Of them nothing is saved any more. */
  readonly #gone = new Set<number>();

  constructor(parts: CheckpointerParts) {
    this.#parts = parts;
    this.#doneThrough = parts.outbox.doneThrough;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /**
   * Saves all that has changed.
   * @throws Error when the disk does not take it: the next start learns it again from the journal
   */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
    do {
      await this.#take(STATES_A_COMMIT);
      await this.#commitHeld();
    } while (this.#parts.core.unsavedCount > 0);
    // What shards of other threads have not given by themselves.
    await this.#take(Number.POSITIVE_INFINITY);
    await this.#commitHeld();
    await this.#trim();
  }

  /** Saves nothing more. */
  async abandon(): Promise<void> {
    this.#abandoned = true;
    this.#stopped.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    let due = 0;
    while (!signal.aborted) {
      await sleep(ROUND_MS, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      due += this.#rate();
      const count = Math.floor(due);
      due -= count;
      try {
        await this.round(count);
      } catch {
        // The store has said so; what is held goes with the next round.
      }
    }
  }

  /** Series a round. */
  #rate(): number {
    const { core, journal, everyMs } = this.#parts;
    const full = journal.fullness / JOURNAL_EASE;
    const hurry = full <= 1 ? 1 : Math.min(HURRY_MAX, 2 ** (8 * (full - 1)));
    return (core.unsavedCount * ROUND_MS * hurry) / everyMs;
  }

  /** Work that no round may meet. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  /**
   * Saves all that has changed of these streams; in `exclusively`, while no entry is under way.
   * @throws Error when the disk does not take it: what is held goes with the next round
   */
  async saveStreams(core: Reconfigurable, streams: ReadonlySet<string>): Promise<void> {
    for (;;) {
      const states = await core.saveStreams(streams, STATES_A_TURN);
      this.#hold(states);
      const isLast = states.length === 0;
      if (isLast || heldBytes(this.#held) >= IDLE_COMMIT_BYTES_MAX) await this.#commitHeld();
      if (isLast) return;
      await turn();
    }
  }

  /** The same while entries come: once over what has changed by now, so that less is left for later. */
  async saveAhead(core: Reconfigurable, streams: ReadonlySet<string>): Promise<void> {
    let left = this.#parts.core.unsavedCount;
    while (left > 0) {
      const states = await core.saveStreams(streams, STATES_A_TURN);
      if (states.length === 0) return;
      this.#hold(states);
      left -= states.length;
      if (heldBytes(this.#held) >= COMMIT_BYTES_MAX) await this.#commitHeld();
      await turn();
    }
  }

  /** @throws Error when the disk does not take it: what is held goes with the next round */
  round(count: number): Promise<void> {
    return this.exclusively(() => this.#round(count));
  }

  async #round(count: number): Promise<void> {
    for (let left = count; left > 0 && !this.#stopped.signal.aborted; left -= STATES_A_TURN) {
      await this.#take(Math.min(left, STATES_A_TURN));
      if (heldBytes(this.#held) >= COMMIT_BYTES_MAX) await this.#commitHeld();
      await turn();
    }
    if (this.#held.size > 0) await this.#commitHeld();
    await this.#trim();
  }

  /** All points so far are on the disk then. @throws Error when the disk does not take them */
  async flush(): Promise<void> {
    await this.#commitHeld();
  }

  /** These series are no more. */
  forget(ids: readonly number[]): void {
    for (const id of ids) {
      this.#gone.add(id);
      this.#held.delete(id);
    }
  }

  async #take(count: number): Promise<void> {
    this.#hold(await this.#parts.core.save(count));
  }

  #hold(states: readonly SavedSeries[]): void {
    for (const state of states) {
      if (this.#gone.has(state.id)) continue;
      const from = this.#held.get(state.id)?.from ?? state.from;
      this.#held.set(state.id, { ...state, from });
    }
  }

  /** Also where there are no states: points that wait in memory are brought to the disk. */
  async #commitHeld(): Promise<void> {
    const states = [...this.#held.values()].filter(({ id }) => this.#parts.isTold(id));
    do {
      await this.#commit(states.splice(0, STATES_A_COMMIT));
    } while (states.length > 0);
  }

  async #commit(states: readonly SavedSeries[]): Promise<void> {
    const { store, outbox, recoveringFrom } = this.#parts;
    const newest = states.reduce((max, { offset }) => Math.max(max, offset), -1);
    while (outbox.through < newest) {
      // The points of what has failed on its way never come.
      if (this.#abandoned) throw new Error('stopped before the points were there');
      await sleep(POLL_MS);
    }
    const doneThrough = recoveringFrom() ?? outbox.through;
    const savedMs = Date.now();
    let staged = (): void => {};
    await store.commit((write) => {
      for (const { id, offset, bytes, summary } of states) {
        if (this.#gone.has(id)) continue;
        putState(write, { id, offset, savedMs, summary }, bytes);
      }
      staged = outbox.stage(write, doneThrough);
    });
    staged();
    this.#doneThrough = doneThrough;
    for (const state of states) if (this.#held.get(state.id) === state) this.#held.delete(state.id);
  }

  /** Up to the oldest entry that a restart would need. */
  async #trim(): Promise<void> {
    const { core, journal, onTrim } = this.#parts;
    let needed = core.unsavedFrom;
    for (const { from } of this.#held.values()) needed = least(needed, from);
    await journal.trim(least(needed, this.#doneThrough + 1)!);
    onTrim();
  }
}

function heldBytes(held: ReadonlyMap<number, SavedSeries>): number {
  let sum = 0;
  for (const { bytes } of held.values()) sum += bytes.length;
  return sum;
}
