import { setTimeout as sleep } from 'node:timers/promises';
import type { Subscription } from 'rxjs';
import type { Config } from '../config/schema.ts';
import type { SeriesInfo, SeriesRegistry } from '../decode/series.ts';
import type { Intake } from '../decode/stream-decoder.ts';
import type { LmdbJournal } from '../journal/lmdb.ts';
import { sumAccounting } from '../observe/accounting.ts';
import type { DaemonLog } from '../observe/incidents.ts';
import type { StateStatus } from '../observe/monitor.ts';
import { DiskOutbox } from '../store/disk-outbox.ts';
import type { DurableOutbox, OutboxEvent } from '../store/outbox.ts';
import { StateError } from '../store/state-error.ts';
import type { Writer } from '../store/state-store.ts';
import type { Core } from './core.ts';
import type { DaemonState } from './daemon-state.ts';
import { Forgotten } from './forgotten.ts';
import { Keeper, type KnownSummary } from './keeper.ts';
import type { KeptChange, Reconfigured } from './kept-change.ts';
import { putForgotten } from './known-series.ts';
import { outboxLimits } from './outbox-limits.ts';
import { putReckoning, readReckoning } from './reckoning.ts';
import type { Reconfigurable } from './reconfiguration.ts';
import type { RecoveringCore } from './recovering-core.ts';

/** A start that got so far did not die of its state. */
const HEALTHY_MS = 10_000;
const WATCH_MS = 5_000;
const RECOVERED_MS = 50;

export interface DurableParts {
  readonly state: DaemonState;
  /** Empty; gets the series that are known. */
  readonly registry: SeriesRegistry;
  readonly core: Core;
  readonly log: DaemonLog;
  /** There may be room again: in the journal, in the outbox. */
  readonly onRoom: () => void;
  /** Going on is of no use, since nothing would be kept. */
  readonly fail: (error: Error) => void;
}

/** The state directory of a running daemon: what it does with it, and what it says of it. */
export class DurableState {
  readonly outbox: DurableOutbox;
  readonly #parts: DurableParts;
  readonly #keeper: Keeper;
  readonly #timers: NodeJS.Timeout[] = [];
  #events: Subscription | undefined;
  /** What the core knows no more of, and the account does. */
  readonly forgotten: Forgotten;
  #failed = false;
  #stalled: string | undefined;
  #reckoningDue: boolean;

  constructor(config: Config, parts: DurableParts) {
    const { state, registry, core, log, onRoom } = parts;
    this.#parts = parts;
    const { store } = state.open;
    registry.restore(state.known.series, state.known.size);
    const others = new Map(state.known.others.map((info) => [info.id, info]));
    const lookup = {
      seriesOf: (id: number) => registry.get(id) ?? others.get(id),
      idOf: (name: string) => registry.find(name)?.id,
    };
    this.#reckoningDue = readReckoning(store);
    this.forgotten = Forgotten.read(store);
    this.outbox = new DiskOutbox(store, lookup, {
      ...outboxLimits(config.outbox),
      onAdvance: onRoom,
      onEvent: (event) => sayOutbox(log, event),
    });
    this.#keeper = new Keeper({
      store,
      known: state.known,
      registry,
      settings: config.state,
      outbox: this.outbox,
      core,
      onLoss: (text) => {
        log.warn(`state: ${text}`);
        this.#lost();
      },
      onInfo: (text) => log.info(`state: ${text}`),
      onTrim: onRoom,
    });
  }

  get journal(): LmdbJournal {
    return this.#keeper.journal;
  }

  get core(): RecoveringCore {
    return this.#keeper.core;
  }

  /** Whether the journal has no room: the source has to wait. */
  get isFull(): boolean {
    return this.#keeper.isFull;
  }

  get dir(): string {
    return this.#parts.state.open.dir;
  }

  /** Saves all that has changed so far. @throws Error when the disk does not take it */
  checkpointAll(): Promise<void> {
    return this.#keeper.checkpointAll();
  }

  /** All points so far are on the disk then. @throws Error when it does not take them */
  flush(): Promise<void> {
    return this.#keeper.flush();
  }

  /** These series are no more: nothing of them is saved from now on. */
  forget(ids: readonly number[]): void {
    this.#keeper.forget(ids);
  }

  /** For the next start; `forgotten` has their counts. @throws Error when the store is closed before */
  putForgotten(series: readonly SeriesInfo[]): Promise<void> {
    const put = (write: Writer): void => {
      putForgotten(write, series);
      this.forgotten.put(write);
    };
    return this.#parts.state.open.store.commit(put, { insist: true });
  }

  get recoveringSeries(): number {
    return this.#keeper.core.waitingCount;
  }

  /** Why nothing more can be kept for now, in words; undefined: it can. */
  get trouble(): string | undefined {
    if (this.#stalled) return `state: ${this.#stalled}`;
    if (this.isFull) return 'state: the journal is full; states are being saved to make room';
    return this.outbox.full ? 'outbox: full; waiting for a sink' : undefined;
  }

  status(): StateStatus {
    const { core, journal } = this.#keeper;
    return {
      dir: this.#parts.state.open.dir,
      journalFullness: journal.fullness,
      journalEntries: journal.end - journal.first,
      unsavedSeries: core.unsavedCount,
      recoveringSeries: core.waitingCount,
    };
  }

  /** What the newest saved states say of their series. */
  knownSummaries(): KnownSummary[] {
    return this.#keeper.summaries();
  }

  start(): void {
    const { state, log } = this.#parts;
    this.#events = state.open.store.events.subscribe(({ kind, insist, detail }) => {
      this.#stalled = kind === 'stalled' ? detail : undefined;
      const what = insist ? 'messages are not acknowledged' : 'what is learned is not saved';
      if (kind === 'stalled') log.error(`state: ${detail}; ${what} meanwhile`);
      else log.info(`state: the disk takes what is written again, ${detail}`);
    });
    this.#timers.push(setTimeout(() => state.open.healthy(), HEALTHY_MS));
    this.#timers.push(setInterval(() => this.#watch(), WATCH_MS));
    this.#keeper.start();
  }

  /** Resolves when an earlier life is taken up; false: `ended` came first. */
  async recovered(hasEnded: () => boolean): Promise<boolean> {
    while (!this.core.settled && !hasEnded()) await sleep(RECOVERED_MS);
    return !hasEnded();
  }

  saveAhead(core: Reconfigurable, streams: ReadonlySet<string>): Promise<void> {
    return this.#keeper.saveAhead(core, streams);
  }

  /**
   * Streams come, go and change; once `recovered`, and while no entry is under way.
   * @throws NotChanged
   */
  reconfigure(change: KeptChange): Promise<Reconfigured> {
    return this.#keeper.reconfigure(change);
  }

  /** A stop does not wait longer for a disk that takes nothing. */
  stopWithin(ms: number): void {
    this.#timers.push(setTimeout(() => this.#parts.state.open.store.giveUp(), ms));
  }

  /** Takes up what is left of an earlier life, once nothing more comes. */
  async settle(intake: Intake): Promise<void> {
    await this.#keeper.settle();
    if (!this.#reckoningDue) {
      // Samples that were turned away since the last commit are in no entry. The store says why not.
      return this.journal.putCounts(intake.counts()).catch(() => {});
    }
    const streams = intake.counts().keys();
    intake.reckon(sumAccounting(streams, [this.core.counts(), this.forgotten.counts]));
    await this.journal.putCounts(intake.counts());
    await this.#setReckoning(false);
  }

  /** Saves what was learned and what waits. */
  async save(): Promise<void> {
    if (this.#failed) return;
    try {
      await this.#keeper.stop();
    } catch (error) {
      const why = (error as Error).message;
      this.#parts.log.error(
        `state: what was learned last is not saved (${why}); the next start learns it from the journal`,
      );
    }
  }

  /** In place of `save`, where not all was computed. Before the core is closed. */
  async abandon(): Promise<void> {
    await this.#keeper.abandon();
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#keeper.close();
    await this.outbox.close();
    await this.#parts.state.open.close();
    this.#events?.unsubscribe();
  }

  /** What was counted as received includes samples of which nothing is known any more. */
  #lost(): void {
    if (this.#reckoningDue) return;
    this.#reckoningDue = true;
    this.#setReckoning(true).catch(() => {}); // the store says why; the account may not add up
  }

  #setReckoning(due: boolean): Promise<void> {
    this.#reckoningDue = due;
    return this.#parts.state.open.store.commit((write) => putReckoning(write, due));
  }

  #watch(): void {
    const vanished = this.#parts.state.open.vanished();
    if (!vanished || this.#failed) return;
    this.#failed = true;
    this.#parts.fail(new StateError(vanished));
  }
}

function sayOutbox(log: DaemonLog, event: OutboxEvent): void {
  log.warn(`outbox: ${event.detail}`);
}
