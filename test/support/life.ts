/** A daemon's life as far as its state goes: journal, core, checkpoints; without sources and sinks. */
import type { Core } from '../../src/daemon/core.ts';
import { InlineCore } from '../../src/daemon/inline-core.ts';
import { Keeper } from '../../src/daemon/keeper.ts';
import { readSeries } from '../../src/daemon/known-series.ts';
import { SeriesRegistry } from '../../src/decode/series.ts';
import type { JournalEntry } from '../../src/journal/journal.ts';
import type { SeriesPoints } from '../../src/store/points.ts';
import { StateStore } from '../../src/store/state-store.ts';
import { ENGINES, SETTINGS } from './core-journal.ts';
import { TestOutbox } from './durable-outbox.ts';

const STATE = {
  keep: true,
  commit_delay: 0,
  checkpoint_every: 2_000,
  journal_keep: 0,
  journal_mib: 256,
};

/** One life of a daemon, as far as its state goes. */
export class Life {
  readonly losses: string[] = [];
  readonly store: StateStore;
  readonly registry = new SeriesRegistry();
  readonly outbox: TestOutbox;
  readonly keeper: Keeper;

  /** @param journalKeepMs how long entries stay after they are needed */
  constructor(dir: string, core: Core = new InlineCore(SETTINGS, ENGINES), journalKeepMs = 0) {
    this.store = new StateStore(dir);
    this.outbox = new TestOutbox(this.store);
    const known = readSeries(this.store, { onLoss: (text) => this.losses.push(text) });
    this.registry.restore(known.series, known.size);
    this.keeper = new Keeper({
      store: this.store,
      known,
      registry: this.registry,
      settings: { ...STATE, journal_keep: journalKeepMs },
      outbox: this.outbox,
      core,
      onLoss: (text) => this.losses.push(text),
      onInfo: () => {},
      onTrim: () => {},
    });
  }

  async apply(entries: readonly JournalEntry[]): Promise<void> {
    for (const entry of entries) {
      if (entry.kind !== 'symbols') continue;
      // As the intake does with those that it did not bring itself.
      const known = this.registry.get(entry.id);
      if (known) known.symbols = [...(known.symbols ?? []), ...entry.names];
    }
    const last = await this.keeper.journal.append({ entries });
    const { core } = this.keeper;
    this.outbox.put(await core.apply(entries, last + 1 - entries.length), last);
  }

  /** Everything is saved. @returns all points in the order of `put` */
  async stop(): Promise<readonly SeriesPoints[]> {
    await this.keeper.settle();
    await this.keeper.stop();
    await this.#end();
    return this.outbox.points;
  }

  /** @returns points that are safe on disk */
  async die(): Promise<readonly SeriesPoints[]> {
    await this.#end();
    return this.outbox.points.slice(0, this.outbox.stagedCount);
  }

  async #end(): Promise<void> {
    await this.keeper.core.close();
    await this.keeper.close();
    await this.store.close();
  }
}

/** The newest of each series and step, as a database has it. */
export function written(lives: readonly (readonly SeriesPoints[])[]): Map<string, SeriesPoints> {
  const all = new Map<string, SeriesPoints>();
  for (const points of lives.flat()) all.set(`${points.series} ${points.issuedMs}`, points);
  return new Map([...all].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function states(dir: string): Promise<Map<number, Uint8Array>> {
  const store = new StateStore(dir);
  const all = new Map<number, Uint8Array>();
  for (const id of store.keys<number>('states')) {
    all.set(id, Uint8Array.from(store.get('states', id)!));
  }
  return store.close().then(() => all);
}
