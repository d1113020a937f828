/**
 * Copies of a state directory's store, as `<state>/snapshots/NAME/store`; beside it `snapshot.json`
 * says what it is. A snapshot is a state directory of its own as far as reading goes.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { journalExtent } from '../journal/extent.ts';
import { checkStore } from '../store/check.ts';
import { readStore, storeFile } from '../store/read-store.ts';
import { replaceFile, syncDir } from '../store/state-dir.ts';
import { StateError, stateError } from '../store/state-error.ts';
import type { StateStore } from '../store/state-store.ts';

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/;
const ABOUT = 'snapshot.json';
/** Of a copy that is not complete. */
const UNFINISHED = '.new-';
/** What is left of one by then is nobody's. */
const UNFINISHED_MS_MAX = 3_600_000;
const EVERYTHING = { msMax: Number.POSITIVE_INFINITY, bytesMax: Number.POSITIVE_INFINITY };

const about = z.object({
  /** By the wall clock. */
  taken_ms: z.number(),
  /** Offset of the journal's next entry. */
  end: z.number(),
  series: z.number(),
});

export interface Snapshot {
  readonly name: string;
  readonly takenMs: number;
  /** undefined: it does not say. */
  readonly end: number | undefined;
  readonly series: number | undefined;
  readonly bytes: number;
}

export function snapshotDir(state: string, name: string): string {
  return join(state, 'snapshots', name);
}

/** A snapshot of that name cannot be, or is not there: bad usage. */
export class NoSnapshot extends Error {
  override readonly name = 'NoSnapshot';
  readonly exitCode = 2;
}

/** @throws NoSnapshot */
export function checkName(name: string): void {
  if (NAME.test(name)) return;
  throw new NoSnapshot(
    `snapshot "${name}": a name has up to 100 letters, digits and . _ -, and begins with a letter or digit`,
  );
}

/**
 * A consistent copy, while a daemon may go on writing. It is there when it is whole.
 * @throws StateError
 */
export async function saveSnapshot(
  state: string,
  name: string,
  takenMs = Date.now(),
): Promise<Snapshot> {
  checkName(name);
  const dir = snapshotDir(state, name);
  if (existsSync(dir)) {
    throw new NoSnapshot(`snapshot ${name}: exists already; remove it, or take another name`);
  }
  const { store } = await readStore(state);
  const next = snapshotDir(state, `${UNFINISHED}${process.pid}-${name}`);
  try {
    forgetUnfinished(state, takenMs);
    mkdirSync(next, { recursive: true, mode: 0o700 });
    await store.copyTo(next);
    await noteSnapshot(next, takenMs);
    requireWhole(next, name);
    renameSync(next, dir);
    syncDir(join(state, 'snapshots'));
  } catch (error) {
    rmSync(next, { recursive: true, force: true });
    throw stateError(state, `keep snapshot ${name} in`, error);
  } finally {
    await store.close();
  }
  return readSnapshot(state, name);
}

/** Writes beside a store what it is, as far as that can be read. */
export async function noteSnapshot(dir: string, takenMs: number): Promise<void> {
  let told = { taken_ms: takenMs, end: -1, series: -1 };
  try {
    const { store } = await readStore(dir);
    told = { taken_ms: takenMs, ...countsOf(store) };
    await store.close();
  } catch {
    // It is damaged; what is whole in it may be wanted all the same.
  }
  replaceFile(join(dir, ABOUT), `${JSON.stringify(told)}\n`);
  syncDir(join(dir, 'store'));
}

function countsOf(store: StateStore): { end: number; series: number } {
  return { end: journalExtent(store).end, series: store.count('series') };
}

/** The oldest first. @throws StateError */
export function listSnapshots(state: string): Snapshot[] {
  let names: string[];
  try {
    names = readdirSync(join(state, 'snapshots'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw stateError(state, 'read', error);
  }
  return names
    .filter((name) => NAME.test(name) && existsSync(storeFile(snapshotDir(state, name))))
    .map((name) => readSnapshot(state, name))
    .toSorted((a, b) => a.takenMs - b.takenMs || (a.name < b.name ? -1 : 1));
}

/** @throws NoSnapshot that names those that there are */
export function findSnapshot(state: string, name: string): Snapshot {
  checkName(name);
  if (existsSync(storeFile(snapshotDir(state, name)))) return readSnapshot(state, name);
  const others = listSnapshots(state).map((snapshot) => snapshot.name);
  const there = others.length > 0 ? `there are ${others.join(', ')}` : 'there are none';
  throw new NoSnapshot(`snapshot ${name}: not in ${state}; ${there}`);
}

/** @throws StateError */
export function removeSnapshot(state: string, name: string): void {
  findSnapshot(state, name);
  try {
    // At once for whoever looks, however long the rest takes.
    const gone = snapshotDir(state, `${UNFINISHED}${process.pid}-gone-${name}`);
    renameSync(snapshotDir(state, name), gone);
    rmSync(gone, { recursive: true, force: true });
    syncDir(join(state, 'snapshots'));
  } catch (error) {
    throw stateError(state, `remove snapshot ${name} from`, error);
  }
}

/** Every page and every checksum. @throws StateError */
export function requireWhole(dir: string, name: string): void {
  const faults = checkStore(storeFile(dir), EVERYTHING);
  if (faults.length === 0) return;
  throw new StateError(`snapshot ${name}: is damaged: ${faults.slice(0, 3).join('; ')}`);
}

function readSnapshot(state: string, name: string): Snapshot {
  const dir = snapshotDir(state, name);
  const { size: bytes, mtimeMs } = statSync(storeFile(dir));
  try {
    const { taken_ms, end, series } = about.parse(
      JSON.parse(readFileSync(join(dir, ABOUT), 'utf8')),
    );
    const known = (count: number): number | undefined => (count < 0 ? undefined : count);
    return { name, takenMs: taken_ms, end: known(end), series: known(series), bytes };
  } catch {
    return { name, takenMs: mtimeMs, end: undefined, series: undefined, bytes };
  }
}

function forgetUnfinished(state: string, nowMs: number): void {
  const dir = join(state, 'snapshots');
  if (!existsSync(dir)) return;
  for (const name of readdirSync(dir)) {
    if (!name.startsWith(UNFINISHED)) continue;
    const path = join(dir, name);
    if (nowMs - statSync(path).mtimeMs < UNFINISHED_MS_MAX) continue;
    rmSync(path, { recursive: true, force: true });
  }
}
