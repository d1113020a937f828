import { readKey, tableNamed, wholeKey } from './check.ts';
import { LmdbFile } from './lmdb-file.ts';
import { Malformed } from './lmdb-page.ts';
import { LmdbWalk, type Visitor } from './lmdb-walk.ts';
import { openTables, type Tables } from './open-tables.ts';
import { type Key, TABLES, type TableName } from './tables.ts';

/** Written in one transaction. */
const BATCH_BYTES = 16 << 20;
/** Keys that are named; what is lost beyond is only counted. */
const KEYS_MAX = 100_000;

/** What could not be saved of one table. */
export interface LostEntries {
  readonly table: TableName;
  /** Those that are known. */
  readonly keys: readonly Key[];
  /** All of them; undefined where nothing tells how many there were. */
  readonly count: number | undefined;
  readonly kept: number;
}

export interface Salvaged {
  /** By table; empty where nothing is lost. */
  readonly lost: readonly LostEntries[];
  /** false: all of the newest commit may be missing. */
  readonly newest: boolean;
}

/**
 * Copies every value that is whole into a new store, key by key, without LMDB reading the old one.
 * Where the way to a leaf is damaged, but it is known which pages are free, leaves that nothing leads
 * to are taken, too: with every value goes the place where it belongs.
 * @param path of the damaged file, which is only read
 * @param to folder of the new environment
 * @throws Error of the file system or LMDB: no space, say
 */
export async function salvage(path: string, to: string): Promise<Salvaged> {
  const { env, tables } = openTables(to);
  try {
    const copy = new Copy((batch) => {
      env.transactionSync(() => {
        for (const { table, key, value } of batch) tables[table].putSync(key, value);
      });
    });
    const newest = readAll(path, copy, tables);
    return { lost: copy.lost(), newest };
  } finally {
    await env.close();
  }
}

/** @returns whether it was the newest commit */
function readAll(path: string, copy: Copy, tables: Tables): boolean {
  let file: LmdbFile;
  try {
    file = new LmdbFile(path);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    copy.nothingKnown();
    return false;
  }
  try {
    const walk = new LmdbWalk(file, copy);
    walk.run();
    copy.flush();
    copy.expected = walk.expected;
    if (!copy.faulty || !walk.freeKnown) return file.newest;
    for (const entry of walk.lostLeaves()) {
      for (const table of TABLES) {
        const whole = wholeKey(table, entry);
        if (whole && !tables[table].doesExist(whole.key)) copy.add(table, whole.key, whole.value);
      }
    }
    return file.newest;
  } finally {
    file.close();
    copy.flush();
  }
}

interface Copied {
  readonly table: TableName;
  readonly key: Key;
  readonly value: Buffer;
}

class Copy implements Visitor {
  readonly #write: (batch: readonly Copied[]) => void;
  #batch: Copied[] = [];
  #batchBytes = 0;
  readonly #kept = new Map<TableName, number>(TABLES.map((table) => [table, 0]));
  /** By table, then by the key's text. */
  readonly #lost = new Map<TableName, Map<string, Key>>(TABLES.map((table) => [table, new Map()]));
  readonly #damaged = new Set<string>();
  expected: ReadonlyMap<string, number> = new Map();
  faulty = false;

  constructor(write: (batch: readonly Copied[]) => void) {
    this.#write = write;
  }

  nothingKnown(): void {
    this.faulty = true;
  }

  fault(tree: string): void {
    this.faulty = true;
    this.#damaged.add(tree);
  }

  entry(tree: string, entry: Parameters<Visitor['entry']>[1]): void {
    const table = tableNamed(tree);
    if (!table) return;
    const whole = wholeKey(table, entry);
    if (whole) return this.add(table, whole.key, whole.value);
    this.fault(tree);
    const key = readKey(entry.key);
    const lost = this.#lost.get(table)!;
    if (key !== undefined && lost.size < KEYS_MAX) lost.set(JSON.stringify(key), key);
  }

  add(table: TableName, key: Key, value: Buffer): void {
    this.#lost.get(table)!.delete(JSON.stringify(key));
    this.#kept.set(table, this.#kept.get(table)! + 1);
    // A copy: `value` may be a view of a page.
    this.#batch.push({ table, key, value: Buffer.from(value) });
    this.#batchBytes += value.length;
    if (this.#batchBytes >= BATCH_BYTES) this.flush();
  }

  flush(): void {
    this.#write(this.#batch);
    this.#batch = [];
    this.#batchBytes = 0;
  }

  lost(): readonly LostEntries[] {
    return TABLES.flatMap((table) => {
      const keys = [...this.#lost.get(table)!.values()];
      const kept = this.#kept.get(table)!;
      const expected = this.expected.get(table);
      // Each table is there from the first start on.
      const unknown = expected === undefined || expected > Number.MAX_SAFE_INTEGER;
      const count = unknown ? undefined : Math.max(expected - kept, keys.length);
      return count === 0 || (unknown && !this.faulty) ? [] : [{ table, keys, count, kept }];
    });
  }
}
