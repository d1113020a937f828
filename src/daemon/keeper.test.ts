/** Lives that end in the middle, one after the other, against one that never did. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { coreJournal, ENGINES, SETTINGS } from '../../test/support/core-journal.ts';
import { Life, states, written } from '../../test/support/life.ts';
import { SlowPort } from '../../test/support/slow-port.ts';
import { Random } from '../../test/support/streams.ts';
import type { SeriesPoints } from '../store/points.ts';
import type { Core } from './core.ts';
import { InlineCore } from './inline-core.ts';
import { ShardPool } from './shard-pool.ts';

const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

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

/** Of all samples, whatever became of them. */
function sumOf(core: Pick<Core, 'counts'>): number {
  return [...core.counts().values()].flatMap(Object.values<number>).reduce((a, b) => a + b);
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

  it('saves no state before the points of its restoration are put', async () => {
    const entries = [...coreJournal(60, 9)];
    const whole = await uninterrupted(60, 9);
    const dir = newDir();
    const told: (readonly SeriesPoints[])[] = [];
    const first = new Life(dir);
    for (const some of entries.slice(0, 50)) await first.apply(some);
    told.push(await first.die());
    const second = new Life(dir);
    for (const some of entries.slice(50, 55)) await second.apply(some);
    // Restored beside what comes, and killed before the next message.
    await second.keeper.core.recover();
    await second.keeper.checkpoint(100);
    told.push(await second.die());
    const third = new Life(dir);
    for (const some of entries.slice(55)) await third.apply(some);
    told.push(await third.stop());
    expect(written(told)).toEqual(whole.points);
    expect(await states(dir)).toEqual(whole.states);
  });

  it.each([1, 2])(
    'keeps and counts what is being taken up, whenever the journal is trimmed (%i threads)',
    async (shards) => {
      const entries = [...coreJournal(60, 9)];
      const whole = await uninterrupted(60, 9);
      const dir = newDir();
      const told: (readonly SeriesPoints[])[] = [];
      const first = new Life(dir, coreOf(shards));
      for (const some of entries.slice(0, 50)) await first.apply(some);
      await first.keeper.flush();
      told.push(await first.die());
      const second = new Life(dir, coreOf(shards));
      const { core } = second.keeper;
      const sums = new Set([sumOf(core)]);
      let isTakenUp = false;
      const takenUp = core.recover().then(() => {
        isTakenUp = true;
      });
      await second.keeper.checkpoint(0);
      while (!isTakenUp) {
        sums.add(sumOf(core));
        await turn();
      }
      await takenUp;
      expect(sums.size).toBe(1);
      told.push(await second.die());
      const third = new Life(dir, coreOf(shards));
      for (const some of entries.slice(50)) await third.apply(some);
      told.push(await third.stop());
      expect(written(told)).toEqual(whole.points);
      expect(await states(dir)).toEqual(whole.states);
    },
  );

  it('begins a series anew whose entries cannot be applied, and takes up the others', async () => {
    const dir = newDir();
    const first = new Life(dir);
    for (const some of coreJournal(60, 9)) await first.apply(some);
    await first.die();
    // Of a stream whose settings no forecaster can be made of any more.
    const clock = { ...SETTINGS.get('clock')!, horizon: -1 };
    const settings = new Map(SETTINGS).set('clock', clock);
    const second = new Life(dir, new InlineCore(settings, ENGINES));
    const told = await second.stop();
    expect(second.losses.length).toBeGreaterThan(0);
    for (const text of second.losses) {
      expect(text).toMatch(/^series s\d+: it cannot be taken up \(its entries cannot be applied/);
    }
    expect(new Set(told.map(({ stream }) => stream))).toEqual(new Set(['states']));
  });
});
