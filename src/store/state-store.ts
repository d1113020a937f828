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
import { diskTrouble } from './disk-trouble.ts';
import { openTables, type Tables } from './open-tables.ts';
import { seal, unseal } from './sealed.ts';
import { StateError } from './state-error.ts';
import { type Key, placeOf, type TableName } from './tables.ts';

export { type Key, TABLES, type TableName } from './tables.ts';

const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 5_000;

/** Only to be used inside the callback of `commit`, which may be called again after a failure. */
export interface Writer {
  put(table: TableName, key: Key, bytes: Uint8Array): void;
  remove(table: TableName, key: Key): void;
}

/** The disk does not take what is written, or does again; once an incident. */
export type StoreEvent = { readonly kind: 'stalled' | 'resumed'; readonly detail: string };

export interface CommitOptions {
  /** Tried again until the disk takes it; after `giveUp` a failure is a StateError. Else the first failure rejects. */
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
  #stalledMs: number | undefined;

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
   * @throws Error when the disk does not take it, or the store was closed before
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
    await this.#env.backup(path, true);
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
      this.#resumed();
      for (const { resolve } of group) resolve();
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
        this.#resumed();
        return undefined;
      }
      this.#stalled(failure);
      const { signal } = this.#closing;
      if (!pending.insist) return failure;
      if (signal.aborted) {
        const why = diskTrouble(this.dir, failure);
        const detail = `state directory ${this.dir}: what came last could not be kept: ${why}`;
        return new StateError(detail, { cause: failure });
      }
      await sleep(waitMs, undefined, { signal }).catch(() => {});
      waitMs = Math.min(2 * waitMs, RETRY_MS_MAX);
    }
  }

  async #try(group: readonly Pending[]): Promise<Error | undefined> {
    try {
      await this.#env.batch(() => {
        for (const { write } of group) write(this.#writer);
      });
      return undefined;
    } catch (error) {
      return causeOf(error);
    }
  }

  readonly #writer: Writer = {
    // What became of it is told by the batch; here it would only be an unhandled rejection.
    put: (table, key, bytes) => {
      const sealed = seal(bytes, placeOf(table, key));
      void this.#tables[table].put(key, sealed).catch(() => {});
    },
    remove: (table, key) => void this.#tables[table].remove(key).catch(() => {}),
  };

  #stalled(failure: Error): void {
    if (this.#stalledMs !== undefined) return;
    this.#stalledMs = performance.now();
    this.#events.next({ kind: 'stalled', detail: diskTrouble(this.dir, failure) });
  }

  #resumed(): void {
    if (this.#stalledMs === undefined) return;
    const seconds = ((performance.now() - this.#stalledMs) / 1000).toFixed(1);
    this.#stalledMs = undefined;
    this.#events.next({ kind: 'resumed', detail: `after ${seconds} s` });
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
