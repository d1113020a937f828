/** Lives that end in the middle, one after the other, against one that never did. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { coreJournal, ENGINES, SETTINGS } from '../../test/support/core-journal.ts';
import { TestOutbox } from '../../test/support/durable-outbox.ts';
import { SlowPort } from '../../test/support/slow-port.ts';
import { Random } from '../../test/support/streams.ts';
import { SeriesRegistry } from '../decode/series.ts';
import type { JournalEntry } from '../journal/journal.ts';
import type { SeriesPoints } from '../store/points.ts';
import { StateStore } from '../store/state-store.ts';
import { type Core, InlineCore } from './core.ts';
import { Keeper } from './keeper.ts';
import { readSeries } from './known-series.ts';
import { ShardPool } from './shard-pool.ts';

const STATE = {
  keep: true,
  commit_delay: 0,
  checkpoint_every: 2_000,
  journal_keep: 0,
  journal_mib: 256,
};

const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

/** One life of a daemon, as far as its state goes. */
class Life {
  readonly losses: string[] = [];
  readonly store: StateStore;
  readonly registry = new SeriesRegistry();
  readonly outbox: TestOutbox;
  readonly keeper: Keeper;

  constructor(dir: string, core: Core = new InlineCore(SETTINGS, ENGINES)) {
    this.store = new StateStore(dir);
    this.outbox = new TestOutbox(this.store);
    const known = readSeries(this.store, { onLoss: (text) => this.losses.push(text) });
    this.registry.restore(known.series, known.size);
    this.keeper = new Keeper({
      store: this.store,
      known,
      registry: this.registry,
      settings: STATE,
      outbox: this.outbox,
      core,
      onLoss: (text) => this.losses.push(text),
      onInfo: () => {},
      onRecovered: () => {},
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

/** Threads are stand-ins, slow ones. */
function coreOf(shards: number): Core {
  if (shards === 1) return new InlineCore(SETTINGS, ENGINES);
  return new ShardPool({
    shards,
    settings: SETTINGS,
    onRestart: () => {},
    startWorker: (data) => new SlowPort(data, () => 'live'),
  });
}

function newDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'foretide-keeper-'));
  dirs.push(dir);
  return dir;
}

/** The newest of each series and step, as a database has it. */
function written(lives: readonly (readonly SeriesPoints[])[]): Map<string, SeriesPoints> {
  const all = new Map<string, SeriesPoints>();
  for (const points of lives.flat()) all.set(`${points.series} ${points.issuedMs}`, points);
  return new Map([...all].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function states(dir: string): Promise<Map<number, Uint8Array>> {
  const store = new StateStore(dir);
  const all = new Map<number, Uint8Array>();
  for (const id of store.keys<number>('states')) {
    all.set(id, Uint8Array.from(store.get('states', id)!));
  }
  return store.close().then(() => all);
}

async function uninterrupted(
  batches: number,
  seed: number,
): Promise<{
  points: Map<string, SeriesPoints>;
  states: Map<number, Uint8Array>;
}> {
  const dir = newDir();
  const life = new Life(dir);
  for (const entries of coreJournal(batches, seed)) await life.apply(entries);
  return { points: written([await life.stop()]), states: await states(dir) };
}

describe('Keeper', () => {
  it.each([
    [1, 1],
    [2, 1],
    [3, 1],
    [4, 3],
    [5, 2],
  ])(
    'dies again and again, and comes to the same points and states (seed %i, %i threads)',
    async (seed, shards) => {
      const whole = await uninterrupted(100, seed);
      const random = new Random(seed);
      const dir = newDir();
      const told: (readonly SeriesPoints[])[] = [];
      let life = new Life(dir, coreOf(shards));
      let deaths = 0;
      for (const entries of coreJournal(100, seed)) {
        if (random.uniform() < 0.1) {
          told.push(await life.die());
          life = new Life(dir, coreOf(shards));
          deaths++;
          if (random.uniform() < 0.5) life.keeper.start();
        }
        await life.apply(entries);
        if (random.uniform() < 0.2)
          await life.keeper.checkpoint(1 + Math.floor(5 * random.uniform()));
      }
      told.push(await life.stop());
      expect(deaths).toBeGreaterThan(3);
      expect(life.losses).toEqual([]);
      expect(written(told)).toEqual(whole.points);
      expect(await states(dir)).toEqual(whole.states);
    },
  );
});
