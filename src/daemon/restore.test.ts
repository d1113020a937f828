/** Lives that go back to a snapshot, against lives that never went on from there. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { coreJournal, T0 } from '../../test/support/core-journal.ts';
import { Life, states, written } from '../../test/support/life.ts';
import type { JournalEntry } from '../journal/journal.ts';
import { readStore } from '../store/read-store.ts';
import { readReckoning } from './reckoning.ts';
import { forget, restoreSnapshot } from './restore.ts';
import { findSnapshot, listSnapshots, removeSnapshot, saveSnapshot } from './snapshots.ts';

const SEED = 4;
const ALL = 110;
const TAKEN = 40;
const GONE_ON = 90;
const KEEP = { backup: true };
/** A batch takes about half a second. */
const SINCE_MS = T0 + 32_000;
const LONG_MS = 1e9;

const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

function newDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'foretide-restore-'));
  dirs.push(dir);
  return dir;
}

function kept(batches: JournalEntry[][], keep: (timeMs: number) => boolean): JournalEntry[][] {
  return batches.map((entries) =>
    entries.flatMap((entry): JournalEntry[] => {
      if (entry.kind === 'tick') return keep(entry.timeMs) ? [entry] : [];
      if (entry.kind !== 'samples') return [entry];
      const { seriesId, timeMs, value } = entry.batch;
      const isKept = (_: number, i: number): boolean => keep(timeMs[i]!);
      const batch = {
        count: timeMs.filter(isKept).length,
        seriesId: seriesId.filter(isKept),
        timeMs: timeMs.filter(isKept),
        value: value.filter(isKept),
      };
      return [{ kind: 'samples', batch }];
    }),
  );
}

/** Nobody's stamp is wrong before the snapshot. */
function journal(): JournalEntry[][] {
  const batches = [...coreJournal(ALL, SEED)];
  return [...kept(batches.slice(0, TAKEN), (timeMs) => timeMs < SINCE_MS), ...batches.slice(TAKEN)];
}

/** As a sensor that has gone wrong. */
function spoilt(batches: JournalEntry[][]): JournalEntry[][] {
  for (const entry of batches.flat()) {
    if (entry.kind !== 'samples') continue;
    // Symbols are codes: 5 of them become others.
    entry.batch.value.forEach((value, i, all) => {
      all[i] = Number.isInteger(value) ? 0 : 7 * value + 100;
    });
  }
  return batches;
}

async function apply(life: Life, batches: JournalEntry[][], checkpointEach = 0): Promise<void> {
  for (const [i, entries] of batches.entries()) {
    await life.apply(entries);
    if (checkpointEach > 0 && i % checkpointEach === 0) await life.keeper.checkpoint(3);
  }
}

/** A life that goes on, from the batch `from` on, and what it tells then. */
async function goOn(dir: string, batches: JournalEntry[][]) {
  const life = new Life(dir);
  await life.keeper.settle();
  await life.apply([]);
  const before = life.outbox.points.length;
  await apply(life, batches);
  const points = written([(await life.stop()).slice(before)]);
  return { points, states: await states(dir), losses: life.losses };
}

/** Up to the snapshot "good", and then wrong. */
async function gone(dir: string, keepMs: number): Promise<void> {
  const first = new Life(dir, undefined, keepMs);
  await apply(first, journal().slice(0, TAKEN), 4);
  await saveSnapshot(dir, 'good');
  await first.stop();
  const second = new Life(dir, undefined, keepMs);
  await apply(second, spoilt(journal().slice(TAKEN, GONE_ON)), 4);
  await second.stop();
}

describe('restoreSnapshot', () => {
  it('is the daemon that the snapshot was taken from, and keeps what was there', async () => {
    const never = newDir();
    const life = new Life(never);
    await apply(life, journal().slice(0, TAKEN));
    await life.stop();
    const expected = await goOn(never, journal().slice(TAKEN));

    const dir = newDir();
    await gone(dir, 0);
    const spoiltStates = await states(dir);
    const { backup, dropped } = await restoreSnapshot(dir, 'good', KEEP);
    expect(dropped).toBe(0);
    expect(listSnapshots(dir).map(({ name }) => name)).toEqual(['good', backup]);
    const told = await goOn(dir, journal().slice(TAKEN));
    expect(told.points.size).toBeGreaterThan(100);
    expect(told).toEqual(expected);

    await restoreSnapshot(dir, backup!, { backup: false });
    expect(await states(dir)).toEqual(spoiltStates);
    expect(readdirSync(dir).toSorted()).toEqual(['snapshots', 'store']);
  });

  it('comes into a directory that has nothing else', async () => {
    const dir = newDir();
    await gone(dir, 0);
    const before = await states(join(dir, 'snapshots', 'good'));
    rmSync(join(dir, 'store'), { recursive: true });
    const { backup } = await restoreSnapshot(dir, 'good', KEEP);
    expect(backup).toBeUndefined();
    expect(await states(dir)).toEqual(before);
  });

  it('changes nothing when the snapshot is damaged', async () => {
    const dir = newDir();
    await gone(dir, 0);
    const before = await states(dir);
    writeFileSync(join(dir, 'snapshots/good/store/data.mdb'), Buffer.alloc(40_000, 7));
    await expect(restoreSnapshot(dir, 'good', KEEP)).rejects.toThrow('snapshot good: is damaged');
    expect(await states(dir)).toEqual(before);
    expect(listSnapshots(dir)).toHaveLength(1);
  });
});

describe('forget', () => {
  const options = { ...KEEP, sinceMs: SINCE_MS, acceptGap: false };

  it.each([
    ['all of it in the present journal', LONG_MS],
    ['what the snapshot has, and what came since', 0],
  ])('comes to what never had the samples since: %s', async (_, keepMs) => {
    const never = newDir();
    const life = new Life(never);
    const [early, late] = [journal().slice(0, TAKEN), spoilt(journal().slice(TAKEN, GONE_ON))];
    await apply(life, early);
    await apply(
      life,
      kept(late, (timeMs) => timeMs < SINCE_MS),
    );
    await life.stop();
    const expected = await goOn(never, journal().slice(GONE_ON));

    const dir = newDir();
    const first = new Life(dir, undefined, keepMs);
    await apply(first, journal().slice(0, TAKEN), 4);
    await saveSnapshot(dir, 'good');
    await first.stop();
    const second = new Life(dir, undefined, LONG_MS);
    await apply(second, spoilt(journal().slice(TAKEN, GONE_ON)), 4);
    await second.stop();
    const done = await forget(dir, 'good', options);
    expect(done).toMatchObject({ changed: 0, tainted: 0, gap: 0 });
    expect(done.states).toBeGreaterThan(3);
    expect(done.samples).toBeGreaterThan(50);
    const { store } = await readStore(dir);
    expect(readReckoning(store)).toBe(true);
    await store.close();

    const told = await goOn(dir, journal().slice(GONE_ON));
    expect(told.points.size).toBeGreaterThan(20);
    expect(told).toEqual(expected);
  });

  it('tells nothing again', async () => {
    const dir = newDir();
    await gone(dir, LONG_MS);
    await forget(dir, 'good', options);
    const life = new Life(dir);
    expect(await life.stop()).toEqual([]);
  });

  it('refuses a gap, and goes on without what is missing when told to', async () => {
    const dir = newDir();
    await gone(dir, 0);
    const before = await states(dir);
    await expect(forget(dir, 'good', options)).rejects.toThrow(/entries \d+ to \d+ of the journal/);
    expect(await states(dir)).toEqual(before);
    const { gap } = await forget(dir, 'good', { ...options, acceptGap: true });
    expect(gap).toBeGreaterThan(0);
    const { losses } = await goOn(dir, journal().slice(GONE_ON));
    expect(losses).toEqual([]);
  });

  it('refuses a snapshot that the journal does not go on from', async () => {
    const dir = newDir();
    const first = new Life(dir, undefined, LONG_MS);
    await apply(first, journal().slice(0, 20));
    await saveSnapshot(dir, 'old');
    await apply(first, journal().slice(20, TAKEN));
    await saveSnapshot(dir, 'good');
    await first.stop();
    await restoreSnapshot(dir, 'old', KEEP);
    const other = new Life(dir, undefined, LONG_MS);
    await apply(other, journal().slice(20, GONE_ON));
    await other.stop();
    await expect(forget(dir, 'good', options)).rejects.toThrow('has not gone on from it');
  });
});

describe('saveSnapshot', () => {
  it('tells what is in it, refuses odd names and to overwrite, and is removed whole', async () => {
    const dir = newDir();
    const life = new Life(dir);
    await apply(life, journal().slice(0, TAKEN), 4);
    const saved = await saveSnapshot(dir, 'a.1', 5_000);
    expect(saved).toMatchObject({ name: 'a.1', takenMs: 5_000, end: life.keeper.journal.end });
    expect(saved.series).toBeGreaterThan(5);
    expect(saved.bytes).toBeGreaterThan(10_000);
    await expect(saveSnapshot(dir, 'a.1')).rejects.toThrow('snapshot a.1: exists already');
    for (const name of ['', '../a', '.a', 'a b', 'a/b']) {
      await expect(saveSnapshot(dir, name)).rejects.toThrow('a name has');
    }
    expect(() => findSnapshot(dir, 'b')).toThrow('there are a.1');
    removeSnapshot(dir, 'a.1');
    expect(readdirSync(join(dir, 'snapshots'))).toEqual([]);
    expect(existsSync(join(dir, 'store'))).toBe(true);
    await life.stop();
  });
});
