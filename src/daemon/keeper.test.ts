/** Lives that end in the middle, one after the other, against one that never did. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { coreJournal } from '../../test/support/core-journal.ts';
import { Life, states, written } from '../../test/support/life.ts';
import { Random } from '../../test/support/streams.ts';
import type { SeriesPoints } from '../store/points.ts';

const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

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
  it.each([1, 2, 3])(
    'dies again and again, and comes to the same points and states (%i)',
    async (seed) => {
      const whole = await uninterrupted(150, seed);
      const random = new Random(seed);
      const dir = newDir();
      const told: (readonly SeriesPoints[])[] = [];
      let life = new Life(dir);
      let deaths = 0;
      for (const entries of coreJournal(150, seed)) {
        if (random.uniform() < 0.1) {
          told.push(await life.die());
          life = new Life(dir);
          deaths++;
          if (random.uniform() < 0.5) life.keeper.start();
        }
        await life.apply(entries);
        if (random.uniform() < 0.2)
          await life.keeper.checkpoint(1 + Math.floor(5 * random.uniform()));
      }
      told.push(await life.stop());
      expect(deaths).toBeGreaterThan(5);
      expect(life.losses).toEqual([]);
      expect(written(told)).toEqual(whole.points);
      expect(await states(dir)).toEqual(whole.states);
    },
  );
});
