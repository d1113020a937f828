/** Lives that end in the middle, one after the other, against one that never did. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { coreJournal, ENGINES, SETTINGS } from '../../test/support/core-journal.ts';
import { Life, states, written } from '../../test/support/life.ts';
import { SlowPort } from '../../test/support/slow-port.ts';
import { Random } from '../../test/support/streams.ts';
import type { SeriesPoints } from '../store/points.ts';
import { type Core, InlineCore } from './core.ts';
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
