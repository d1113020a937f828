import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { checkStore, VALUE_FAULT } from './check.ts';
import { checkFormat } from './format.ts';
import { type Holder, holderOf } from './lock.ts';
import { StateError, stateError } from './state-error.ts';
import { StateStore } from './state-store.ts';

const LOOK_MS_MAX = 500;

/** A store that is only looked at; a daemon may go on writing to it. */
export interface ReadStore {
  readonly store: StateStore;
  /** The daemon that has it; undefined: none runs. */
  readonly holder: Holder | 'silent' | undefined;
}

export function storeFile(dir: string): string {
  return join(dir, 'store', 'data.mdb');
}

/**
 * Opens the store of a state directory, or of a snapshot, for reading.
 * @throws StateError
 */
export async function readStore(dir: string): Promise<ReadStore> {
  requireStore(dir);
  const holder = await holderOf(dir);
  // One that is being written to cannot be looked at from outside; nor need it: its daemon did that.
  if (!holder) requireSound(dir);
  let store: StateStore | undefined;
  try {
    store = new StateStore(dir, { readOnly: true });
    checkFormat(store);
    return { store, holder };
  } catch (error) {
    await store?.close();
    throw stateError(dir, 'read', error);
  }
}

function requireStore(dir: string): void {
  try {
    if (!statSync(dir).isDirectory()) throw new StateError(`${dir}: is not a directory`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw stateError(dir, 'read', error);
    throw new StateError(`state directory ${dir}: there is none; check the path`);
  }
  if (existsSync(storeFile(dir))) return;
  throw new StateError(
    `state directory ${dir}: there is no store in it; ` +
      'it comes with the first start of "foretide run"',
  );
}

/** A damaged value is told by its checksum when it is read; damage to the way to it ends the process. */
function requireSound(dir: string): void {
  const faults = checkStore(storeFile(dir), { msMax: LOOK_MS_MAX, bytesMax: 0 });
  const grave = faults.filter((fault) => !fault.endsWith(VALUE_FAULT));
  if (grave.length === 0) return;
  throw new StateError(
    `state directory ${dir}: the store is damaged: ${grave.slice(0, 3).join('; ')}; ` +
      'the next start of "foretide run" saves what is whole in it',
  );
}
