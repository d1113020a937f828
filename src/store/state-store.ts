/**
 * What outlives the process: one LMDB environment in `<state>/store`, several tables in it. Values
 * are sealed (see sealed.ts). One writer; other processes may read meanwhile.
 *
 * Durable means on the disk: a commit resolves after fsync. Commits that are asked for while one is
 * under way go together in the next (group commit).
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RootDatabase } from 'lmdb';
import { type Observable, Subject } from 'rxjs';
import { expectRoom, hasOverrun, operationsOf, type Writer } from './commit-room.ts';
import { diskTrouble } from './disk-trouble.ts';
import { openTables, type Tables } from './open-tables.ts';
import { unseal } from './sealed.ts';
import { StateError } from './state-error.ts';
import { type Key, placeOf, type TableName } from './tables.ts';

export type { Writer } from './commit-room.ts';
export { type Key, TABLES, type TableName } from './tables.ts';

const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 5_000;
/** Small commits get through where large ones fail: only so long after the last failure is it over. */
const CALM_MS = 10_000;

/** The disk does not take what is written, or does again; once an incident. */
export interface StoreEvent {
  readonly kind: 'stalled' | 'resumed';
  /** Of commits that are insisted on. The others are larger, and may fail alone. */
  readonly insist: boolean;
  readonly detail: string;
}

export interface CommitOptions {
  /** Tried again while there is hope (and until `close`); else the first failure rejects. */
  readonly insist?: boolean;
}

interface Pending {
  readonly write: (writer: Writer) => void;
  readonly insist: boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class StateStore {
  readonly dir: string;
  readonly #env: RootDatabase;
  readonly #tables: Tables;
  readonly #events = new Subject<StoreEvent>();
  readonly #closing = new AbortController();
  #pending: Pending[] = [];
  #running: Promise<void> | undefined;
  /** The last commit has failed. */
  #doubtful = false;
  /** LMDB takes nothing more in this process, whatever becomes of the disk. */
  #broken: Error | undefined;
  /** By whether they are insisted on. */
  readonly #stalls = new Map<boolean, { readonly sinceMs: number; failedMs: number }>();

  /** @throws StateError when there is nothing to read; Error of LMDB, when it cannot be used */
  constructor(dir: string, options: { readonly readOnly?: boolean } = {}) {
    this.dir = dir;
    if (options.readOnly && !existsSync(join(dir, 'store', 'data.mdb'))) {
      throw new StateError(`state directory ${dir}: there is no state in it`);
    }
    const { env, tables } = openTables(join(dir, 'store'), options);
    this.#env = env;
    this.#tables = tables;
  }

  get events(): Observable<StoreEvent> {
    return this.#events;
  }

  /**
   * Resolves when all that `write` puts is on the disk; all of it or nothing.
   * @throws Error when the disk does not take it, or the store was closed before; StateError when it
   *   never will
   */
  commit(write: (writer: Writer) => void, { insist = false }: CommitOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ write, insist, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /**
   * undefined: there is none.
   * @throws DamagedValue, ForeignFormat
   */
  get(table: TableName, key: Key): Uint8Array | undefined {
    const sealed = this.#tables[table].getBinary(key);
    return sealed && unseal(sealed, placeOf(table, key));
  }

  /** In the order of keys, from `start` to before `end`. */
  keys<K extends Key>(
    table: TableName,
    range: { readonly start?: K; readonly end?: K; readonly reverse?: boolean } = {},
  ): Iterable<K> {
    return this.#tables[table].getKeys(range) as Iterable<K>;
  }

  count(table: TableName): number {
    return (this.#tables[table].getStats() as { entryCount: number }).entryCount;
  }

  /** Bytes of the pages that it takes. */
  size(table: TableName): number {
    const stats = this.#tables[table].getStats() as {
      pageSize: number;
      treeBranchPageCount: number;
      treeLeafPageCount: number;
      overflowPages: number;
    };
    const { pageSize, treeBranchPageCount, treeLeafPageCount, overflowPages } = stats;
    return pageSize * (treeBranchPageCount + treeLeafPageCount + overflowPages);
  }

  /** From now on each commit has one try: a stop must not wait for a full disk. */
  giveUp(): void {
    this.#closing.abort();
  }

  /** Waits for what is under way; what the disk does not take then is given up. */
  async close(): Promise<void> {
    this.giveUp();
    await this.#running;
    await this.#env.close();
    this.#events.complete();
  }

  /** A consistent copy of the whole store in a new state directory; writing goes on meanwhile. */
  async copyTo(dir: string): Promise<void> {
    const path = join(dir, 'store');
    mkdirSync(path, { recursive: true });
    // Page by page: what LMDB compacts ends the process when its first commit frees pages (lmdb 3.5.6).
    await this.#env.backup(path, false);
  }

  async #run(): Promise<void> {
    // What is asked for in this turn goes together.
    await undefined;
    while (this.#pending.length > 0) {
      const group = this.#pending;
      this.#pending = [];
      await this.#write(group);
    }
    this.#running = undefined;
  }

  /** Together; where the disk does not take that, one by one, so that small ones still find room. */
  async #write(group: readonly Pending[]): Promise<void> {
    if ((await this.#try(group)) === undefined) {
      for (const { insist, resolve } of group) {
        this.#took(insist);
        resolve();
      }
      return;
    }
    for (const pending of group.toSorted((a, b) => Number(b.insist) - Number(a.insist))) {
      const failure = await this.#writeOne(pending);
      if (failure) pending.reject(failure);
      else pending.resolve();
    }
  }

  async #writeOne(pending: Pending): Promise<Error | undefined> {
    let waitMs = RETRY_MS_MIN;
    for (;;) {
      const failure = await this.#try([pending]);
      if (!failure) {
        this.#took(pending.insist);
        return undefined;
      }
      this.#stalled(pending.insist, failure);
      const { signal } = this.#closing;
      if (!pending.insist || signal.aborted || this.#broken) return failure;
      await sleep(waitMs, undefined, { signal }).catch(() => {});
      waitMs = Math.min(2 * waitMs, RETRY_MS_MAX);
    }
  }

  async #try(group: readonly Pending[]): Promise<Error | undefined> {
    if (this.#broken) return this.#broken;
    const operations = operationsOf(group);
    try {
      expectRoom(this.dir, operations, this.#doubtful);
    } catch (error) {
      this.#doubtful = true;
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') this.#break(error as Error);
      return error as Error;
    }
    try {
      await this.#env.batch(() => {
        for (const { table, key, sealed } of operations) {
          // What became of it is told by the batch; here it would only be an unhandled rejection.
          const done = sealed
            ? this.#tables[table].put(key, sealed)
            : this.#tables[table].remove(key);
          void done.catch(() => {});
        }
      });
      this.#doubtful = false;
      return undefined;
    } catch (error) {
      this.#doubtful = true;
      const cause = await causeOf(error);
      if (hasOverrun(cause) || this.#refusesAll()) this.#break(cause);
      return cause;
    }
  }

  #break(cause: Error): void {
    this.#broken = new StateError(`state: ${diskTrouble(this.dir, cause)}`, { cause });
  }

  /** After a failure to write its head LMDB begins no transaction, and the next commit never ends. */
  #refusesAll(): boolean {
    try {
      this.#env.transactionSync(() => {});
      return false;
    } catch {
      return true;
    }
  }

  #stalled(insist: boolean, failure: Error): void {
    const failedMs = performance.now();
    const stall = this.#stalls.get(insist);
    if (stall) {
      stall.failedMs = failedMs;
      return;
    }
    this.#stalls.set(insist, { sinceMs: failedMs, failedMs });
    this.#events.next({ kind: 'stalled', insist, detail: diskTrouble(this.dir, failure) });
  }

  #took(insist: boolean): void {
    const stall = this.#stalls.get(insist);
    if (!stall) return;
    const nowMs = performance.now();
    if (!insist && nowMs - stall.failedMs < CALM_MS) return;
    this.#stalls.delete(insist);
    const seconds = ((nowMs - stall.sinceMs) / 1000).toFixed(1);
    this.#events.next({ kind: 'resumed', insist, detail: `after ${seconds} s` });
  }
}

/** lmdb tells the reason in a promise that hangs on the error. */
async function causeOf(error: unknown): Promise<Error> {
  const { commitError } = error as { commitError?: Promise<never> };
  try {
    await commitError;
  } catch (cause) {
    return cause as Error;
  }
  return error as Error;
}
