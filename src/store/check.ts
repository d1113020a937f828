import { bufferToKeyValue } from 'lmdb';
import { LmdbFile } from './lmdb-file.ts';
import { Malformed } from './lmdb-page.ts';
import { type Entry, LmdbWalk, type Visitor } from './lmdb-walk.ts';
import { isWhole } from './sealed.ts';
import { type Key, placeOf, TABLES, type TableName } from './tables.ts';

declare module 'lmdb' {
  /** lmdb has it, but its types do not. */
  export function bufferToKeyValue(bytes: Buffer): unknown;
}

/** How far a check goes; pages of the trees come before large values. */
export interface Depth {
  readonly msMax: number;
  /** Of large values. */
  readonly bytesMax: number;
}

/** Of one value alone: the rest can be read. */
export const VALUE_FAULT = 'a value is not what was written';
/** So many are told. */
const FAULTS_MAX = 20;

/**
 * What is wrong with a store's file, as far as `depth` allows to look; empty where nothing is. Reads
 * the file without LMDB, so no damage can end the process.
 * @throws Error of the file system, when the file cannot be read at all
 */
export function checkStore(path: string, depth: Depth): readonly string[] {
  const faults: string[] = [];
  const endMs = performance.now() + depth.msMax;
  let bytesLeft = depth.bytesMax;
  const visitor: Visitor = {
    fault: (tree, what) => {
      if (faults.length < FAULTS_MAX) faults.push(`${tree}: ${what}`);
    },
    entry: (tree, entry) => {
      if (entry.large) bytesLeft -= entry.size;
      if (entry.large && bytesLeft < 0) return;
      const table = tableNamed(tree);
      if (!table) visitor.fault(tree, 'no table of Foretide');
      else if (!wholeKey(table, entry)) visitor.fault(tree, VALUE_FAULT);
    },
    enough: () => faults.length >= FAULTS_MAX || performance.now() > endMs,
  };
  try {
    const file = new LmdbFile(path);
    try {
      new LmdbWalk(file, visitor).run();
    } finally {
      file.close();
    }
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    faults.push(error.message);
  }
  return faults;
}

export function tableNamed(name: string): TableName | undefined {
  return TABLES.find((table) => table === name);
}

/** undefined: no key could stand there. */
export function readKey(bytes: Buffer): Key | undefined {
  if (bytes.length === 0) return undefined;
  try {
    // A copy: the reader looks at what follows, too.
    const key = bufferToKeyValue(Buffer.from(bytes)) as unknown;
    return isKey(key) ? key : undefined;
  } catch {
    return undefined;
  }
}

function isKey(key: unknown): key is Key {
  if (Array.isArray(key)) return key.length > 0 && key.every((part) => typeof part === 'number');
  return typeof key === 'number' || typeof key === 'string';
}

/** The entry's key, where its value is whole and belongs there. */
export function wholeKey(table: TableName, entry: Entry): { key: Key; value: Buffer } | undefined {
  const key = readKey(entry.key);
  if (key === undefined) return undefined;
  const value = wholeValue(entry);
  return value && isWhole(value, placeOf(table, key)) ? { key, value } : undefined;
}

function wholeValue(entry: Entry): Buffer | undefined {
  try {
    return entry.value();
  } catch (error) {
    if (error instanceof Malformed || (error as NodeJS.ErrnoException).code === 'EIO') {
      return undefined;
    }
    throw error;
  }
}
