/**
 * A state directory goes back to a snapshot. What is there now is kept as another snapshot, and is in
 * its place until the last moment (store/heal.ts). Whoever calls has the directory's lock.
 *
 * To go back to a snapshot is to be the daemon that it was taken from: states, journal, accounts, and
 * what waited for the sinks then. To forget is something else: see forget.ts.
 */
import { constants, copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureFormat } from '../store/format.ts';
import { replaceStore } from '../store/heal.ts';
import { outboxDepths } from '../store/outbox-depth.ts';
import { readStore, storeFile } from '../store/read-store.ts';
import { stateError } from '../store/state-error.ts';
import { StateStore } from '../store/state-store.ts';
import { type Forgotten, forgetSince, requireJoined } from './forget.ts';
import {
  findSnapshot,
  noteSnapshot,
  requireWhole,
  type Snapshot,
  snapshotDir,
} from './snapshots.ts';

/** Begins the names of what restoring has kept. */
export const BACKUP = 'before-restore-';

export interface RestoreOptions {
  /** Whether what is there now is kept. */
  readonly backup: boolean;
  readonly nowMs?: number;
}

export interface ForgetOptions extends RestoreOptions {
  /** Samples from this event time on are forgotten. */
  readonly sinceMs: number;
  /** Goes on where entries between the snapshot and the present journal are missing. */
  readonly acceptGap: boolean;
}

export interface Restored {
  readonly snapshot: Snapshot;
  /** Name of the snapshot that what was there is now. */
  readonly backup: string | undefined;
  /** Steps that no sink will get, where they waited for one; undefined: that could not be read. */
  readonly dropped: number | undefined;
}

/** @throws StateError; then nothing has changed */
export async function restoreSnapshot(
  state: string,
  name: string,
  options: RestoreOptions,
): Promise<Restored> {
  const snapshot = findSnapshot(state, name);
  const from = snapshotDir(state, name);
  requireWhole(from, name);
  const dropped = await waiting(state);
  const backup = await exchange(state, options, async (next) => {
    mkdirSync(next, { recursive: true, mode: 0o700 });
    copyFileSync(storeFile(from), join(next, 'data.mdb'), constants.COPYFILE_FICLONE);
    const store = new StateStore(dirname(next));
    try {
      await ensureFormat(store);
      await forgetDeliveries(store);
    } finally {
      await store.close();
    }
  });
  return { snapshot, backup: backup.name, dropped };
}

/**
 * States of a snapshot, and the journal since then without the samples from `sinceMs` on: the next
 * start learns what is left again.
 * @throws StateError; then nothing has changed
 */
export async function forget(
  state: string,
  name: string,
  options: ForgetOptions,
): Promise<Restored & Forgotten> {
  const snapshot = findSnapshot(state, name);
  const from = snapshotDir(state, name);
  requireWhole(from, name);
  const present = (await readStore(state)).store;
  const past = (await readStore(from)).store;
  try {
    const gap = requireJoined(past, present, { ...options, snapshot });
    const { name: backup, result } = await exchange(state, options, async (next) => {
      await present.copyTo(dirname(next));
      const store = new StateStore(dirname(next));
      try {
        await ensureFormat(store);
        return await forgetSince(store, past, options.sinceMs);
      } finally {
        await store.close();
      }
    });
    return { snapshot, backup, dropped: 0, ...result, gap };
  } finally {
    await present.close();
    await past.close();
  }
}

/** Of messages that come again nothing is left: they are new to what was before them. */
function forgetDeliveries(store: StateStore): Promise<void> {
  const keys = [...store.keys<number>('deliveries')];
  return store.commit((write) => {
    for (const key of keys) write.remove('deliveries', key);
  });
}

async function exchange<T>(
  state: string,
  { backup, nowMs = Date.now() }: RestoreOptions,
  build: (next: string) => Promise<T>,
): Promise<{ name: string | undefined; result: T }> {
  const hadStore = existsSync(storeFile(state));
  const name = backup && hadStore ? newName(state, nowMs) : undefined;
  const kept = name ? snapshotDir(state, name) : join(state, 'replaced');
  try {
    rmSync(join(state, 'replaced'), { recursive: true, force: true });
    if (hadStore) mkdirSync(kept, { recursive: true, mode: 0o700 });
    const result = await replaceStore(state, join(kept, 'store'), build);
    if (name) await noteSnapshot(kept, nowMs);
    else rmSync(kept, { recursive: true, force: true });
    return { name, result };
  } catch (error) {
    if (!existsSync(storeFile(kept))) rmSync(kept, { recursive: true, force: true });
    throw stateError(state, 'restore', error);
  }
}

/** In UTC, to the second. */
function newName(state: string, nowMs: number): string {
  for (let ms = nowMs; ; ms += 1_000) {
    const date = new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
    const name = `${BACKUP}${date}`;
    if (!existsSync(snapshotDir(state, name))) return name;
  }
}

/** Most steps that wait for any one sink; undefined: that cannot be read. */
async function waiting(state: string): Promise<number | undefined> {
  if (!existsSync(storeFile(state))) return 0;
  try {
    const { store } = await readStore(state);
    const depths = outboxDepths(store);
    await store.close();
    return Math.max(0, ...depths.map((sink) => sink.waiting));
  } catch {
    return undefined;
  }
}
