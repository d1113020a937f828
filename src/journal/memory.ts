import type { Journal, JournalBatch, JournalEntry } from './journal.ts';

/** Entries that are kept for readers; older ones are given up. */
const ENTRIES_MAX = 1_024;

/** A journal that lasts as long as the process: what is appended is as durable as it will be. */
export class MemoryJournal implements Journal {
  #first = 0;
  #entries: JournalEntry[] = [];

  append({ entries }: JournalBatch): Promise<number> {
    this.#entries.push(...entries);
    // Trimmed in large pieces, so that appending stays cheap.
    if (this.#entries.length > 2 * ENTRIES_MAX) this.#drop(this.#entries.length - ENTRIES_MAX);
    return Promise.resolve(this.#first + this.#entries.length - 1);
  }

  /** @throws Error when entries from `offset` on are gone already. */
  async *read(offset: number): AsyncIterable<{ offset: number; entry: JournalEntry }> {
    for (let at = offset; at < this.#first + this.#entries.length; at++) {
      if (at < this.#first) {
        throw new Error(`journal: entry ${at} is gone; the oldest kept is ${this.#first}`);
      }
      yield { offset: at, entry: this.#entries[at - this.#first]! };
    }
  }

  trim(offset: number): Promise<void> {
    this.#drop(Math.min(offset - this.#first, this.#entries.length));
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #drop(count: number): void {
    if (count <= 0) return;
    this.#entries = this.#entries.slice(count);
    this.#first += count;
  }
}
