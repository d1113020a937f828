import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Salvaged, salvage } from './salvage.ts';
import { replaceFile, syncDir } from './state-dir.ts';

/** Damaged stores that are kept, the newest. */
const KEPT_MAX = 2;
const DAMAGED = /^damaged-\d{8}T\d{9}$/;
const COMPLETE = 'complete';

/**
 * Writes the store anew from all that is whole in it; the old one stays as `damaged-<date>`. A power cut
 * at any moment leaves the old one in its place, or what `finishHealing` goes on from.
 * @throws Error of the file system or LMDB; the old store is then where it was
 */
export async function heal(dir: string): Promise<Salvaged> {
  const damaged = newName(dir);
  const salvaged = await replaceStore(dir, join(dir, damaged), (next) =>
    salvage(join(dir, 'store', 'data.mdb'), next),
  );
  forgetOldest(dir, damaged);
  return salvaged;
}

/**
 * Puts another store in the place of the one that is there, or of none; that one is moved to `kept`. A
 * power cut at any moment leaves the old one in its place, or what `finishHealing` goes on from.
 * @param build writes the new one to the directory it is told, which is not there yet, and closes it
 * @throws Error of `build`, the file system or LMDB; the old store is then where it was
 */
export async function replaceStore<T>(
  dir: string,
  kept: string,
  build: (next: string) => Promise<T>,
): Promise<T> {
  const healing = join(dir, 'healing');
  rmSync(healing, { recursive: true, force: true });
  let built: T;
  try {
    const next = join(healing, 'store');
    built = await build(next);
    syncFile(join(next, 'data.mdb'));
    syncDir(next);
    replaceFile(join(healing, COMPLETE), '');
    syncDir(dir);
  } catch (error) {
    rmSync(healing, { recursive: true, force: true });
    throw error;
  }
  const store = join(dir, 'store');
  if (existsSync(store)) renameSync(store, kept);
  syncDir(dir);
  finishHealing(dir);
  return built;
}

/** Goes on where `heal` was interrupted; what is left of an unfinished one is only a copy. */
export function finishHealing(dir: string): void {
  const healing = join(dir, 'healing');
  const store = join(dir, 'store');
  if (!existsSync(healing)) return;
  if (!existsSync(store) && existsSync(join(healing, COMPLETE))) {
    renameSync(join(healing, 'store'), store);
    syncDir(dir);
  }
  rmSync(healing, { recursive: true, force: true });
}

function newName(dir: string): string {
  for (let ms = Date.now(); ; ms++) {
    const name = `damaged-${new Date(ms).toISOString().slice(0, 23).replaceAll(/[-:.]/g, '')}`;
    if (!existsSync(join(dir, name))) return name;
  }
}

/** @param newest whatever the clock said then */
function forgetOldest(dir: string, newest: string): void {
  const names = readdirSync(dir).filter((name) => DAMAGED.test(name) && name !== newest);
  for (const name of names.toSorted().slice(0, -(KEPT_MAX - 1))) {
    rmSync(join(dir, name), { recursive: true, force: true });
  }
}

function syncFile(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
