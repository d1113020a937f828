import { existsSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { checkStore, type Depth } from './check.ts';
import { diskTrouble } from './disk-trouble.ts';
import { checkFormat, ensureFormat } from './format.ts';
import { finishHealing, heal } from './heal.ts';
import { lockState, type StateLock } from './lock.ts';
import type { LostEntries, Salvaged } from './salvage.ts';
import { StartRecord } from './start-record.ts';
import { prepareDir } from './state-dir.ts';
import { StateError, stateError } from './state-error.ts';
import { StateStore } from './state-store.ts';

/** After so many early deaths in a row the whole store is looked at, and written anew. */
const DEATHS_MAX = 2;
const AFTER_STOP: Depth = { msMax: 250, bytesMax: 0 };
const AFTER_CRASH: Depth = { msMax: 2_000, bytesMax: 2 ** 30 };
const AFTER_DEATHS: Depth = { msMax: 120_000, bytesMax: Number.POSITIVE_INFINITY };

export interface StateLog {
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}

/** A state directory in use, for this process alone. */
export interface OpenState {
  readonly dir: string;
  readonly store: StateStore;
  /** Whether the last daemon stopped in good order. */
  readonly cleanStart: boolean;
  /** What damage has taken, by table. */
  readonly lost: readonly LostEntries[];
  /** false: damage may have taken all of the newest commit; the store is then as before it. */
  readonly newest: boolean;
  /** To be called once, when the daemon has run well for some seconds. */
  healthy(): void;
  /** In words, when the store’s file is no longer where it was: nothing written now would be kept. */
  vanished(): string | undefined;
  /** Closes the store, notes that all went well, and lets go of the directory. */
  close(): Promise<void>;
}

/**
 * Takes the directory for this process, mends the store where it is damaged, and opens it.
 * @throws StateError
 */
export async function openState(dir: string, log: StateLog): Promise<OpenState> {
  prepareDir(dir);
  const lock = await lockState(dir);
  let record: StartRecord | undefined;
  let store: StateStore | undefined;
  try {
    record = new StartRecord(dir);
    finishHealing(dir);
    const sound = await makeSound(dir, record, log);
    store = new StateStore(dir);
    await ensureFormat(store);
    record.setStore();
    return opened(store, { ...sound, lock, record, log });
  } catch (error) {
    await store?.close();
    quietly(() => record?.undo());
    await lock.release();
    throw stateError(dir, 'open', withReason(dir, error as NodeJS.ErrnoException));
  }
}

/** LMDB's own errors have numbers as codes, and hide what the disk said. */
function withReason(dir: string, error: Omit<Error, 'code'> & { code?: unknown }): Error {
  if (typeof error.code !== 'number') return error;
  return new Error(diskTrouble(dir, error), { cause: error });
}

/**
 * For reading alone, while a daemon may be running on it.
 * @throws StateError
 */
export async function readState(dir: string): Promise<StateStore> {
  let store: StateStore | undefined;
  try {
    store = new StateStore(dir, { readOnly: true });
    checkFormat(store);
    return store;
  } catch (error) {
    await store?.close();
    throw stateError(dir, 'read', error);
  }
}

interface Parts extends Salvaged {
  readonly lock: StateLock;
  readonly record: StartRecord;
  readonly log: StateLog;
}

function opened(store: StateStore, { lock, record, lost, newest, log }: Parts): OpenState {
  const { dir } = store;
  const path = dataPath(dir);
  const file = statSync(path);
  const note = (what: () => void): void => {
    const failure = quietly(what);
    if (failure) log.warn(`state directory ${dir}: cannot note the end of this run: ${failure}`);
  };
  return {
    dir,
    store,
    cleanStart: record.cleanBefore,
    lost,
    newest,
    healthy: () => note(() => record.setHealthy()),
    vanished: () => vanished(path, file),
    close: async () => {
      await store.close();
      if (!vanished(path, file)) note(() => record.setClean());
      await lock.release();
    },
  };
}

const ALL_THERE: Salvaged = { lost: [], newest: true };

async function makeSound(dir: string, record: StartRecord, log: StateLog): Promise<Salvaged> {
  const path = dataPath(dir);
  const bytes = existsSync(path) ? statSync(path).size : 0;
  if (bytes === 0 && !record.storeBefore) return ALL_THERE;
  if (!existsSync(path)) {
    log.error(`state directory ${dir}: the store that was here is gone; starting with a new one`);
    return ALL_THERE;
  }
  const faults = look(path, depthAfter(record));
  if (faults.length > 0) return mend(dir, faults, log);
  if (record.deaths < DEATHS_MAX) return ALL_THERE;
  const died = `the last ${record.deaths} starts died early`;
  if (record.rebuilt) {
    log.error(`state directory ${dir}: ${died}, but the store is sound: the cause is elsewhere`);
    return ALL_THERE;
  }
  log.warn(`state directory ${dir}: ${died}; no damage is found, so the store is written anew`);
  const salvaged = await rewrite(dir);
  record.setRebuilt();
  return salvaged;
}

function depthAfter({ deaths, cleanBefore }: StartRecord): Depth {
  if (deaths >= DEATHS_MAX) return AFTER_DEATHS;
  return cleanBefore ? AFTER_STOP : AFTER_CRASH;
}

function look(path: string, depth: Depth): readonly string[] {
  try {
    return checkStore(path, depth);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EIO') return [message];
    throw error;
  }
}

async function mend(dir: string, faults: readonly string[], log: StateLog): Promise<Salvaged> {
  log.error(`state directory ${dir}: the store is damaged: ${faults.slice(0, 3).join('; ')}`);
  const salvaged = await rewrite(dir);
  const parts = salvaged.lost.map(describeLost);
  if (!salvaged.newest) parts.push('the newest commit may be lost');
  const told = parts.join('; ') || 'nothing is lost';
  log.error(`state directory ${dir}: the store was written anew: ${told}; the old one is kept`);
  return salvaged;
}

async function rewrite(dir: string): Promise<Salvaged> {
  try {
    return await heal(dir);
  } catch (error) {
    const { size } = statSync(dataPath(dir));
    const why = diskTrouble(dir, error as Error, size);
    const mib = Math.ceil(size / 2 ** 20);
    throw new StateError(
      `state directory ${dir}: the store has to be written anew, but: ${why}; ` +
        `make room for up to ${mib} MiB, or choose another with state.dir`,
      { cause: error },
    );
  }
}

function describeLost({ table, count, kept, keys }: LostEntries): string {
  const which =
    keys.length > 0 ? ` (${keys.slice(0, 10).join(', ')}${keys.length > 10 ? ' …' : ''})` : '';
  if (count === undefined) return `${table}: ${kept} kept, the rest is lost`;
  return `${table}: ${count} of ${kept + count} lost${which}`;
}

function vanished(path: string, file: Stats): string | undefined {
  try {
    const { dev, ino } = statSync(path);
    return dev === file.dev && ino === file.ino ? undefined : `${path}: replaced by another file`;
  } catch (error) {
    return `${path}: ${(error as NodeJS.ErrnoException).message}`;
  }
}

function dataPath(dir: string): string {
  return join(dir, 'store', 'data.mdb');
}

function quietly(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
