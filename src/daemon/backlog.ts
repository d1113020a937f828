import type { JournalEntry } from '../journal/journal.ts';
import { EntryLog, type LoggedEntries, mergeEntries } from './entry-log.ts';

/** What came after the saved states, sorted by what it concerns. */
export class Backlog {
  /** By group. */
  readonly #own = new Map<number, EntryLog>();
  /** Ticks, which concern all groups. */
  readonly #shared = new EntryLog();
  #samples = 0;

  /** Samples in it. */
  get samples(): number {
    return this.#samples;
  }

  /** @param groupOf undefined: the sample is of no interest */
  add(
    entry: JournalEntry,
    offset: number,
    groupOf: (seriesId: number) => { readonly id: number; readonly after: number } | undefined,
  ): void {
    if (entry.kind === 'tick') this.#shared.add(entry, offset);
    if (entry.kind !== 'samples') return;
    const { count, seriesId, timeMs, value } = entry.batch;
    for (let i = 0; i < count; i++) {
      const group = groupOf(seriesId[i]!);
      if (!group || offset <= group.after) continue;
      let own = this.#own.get(group.id);
      if (!own) {
        own = new EntryLog();
        this.#own.set(group.id, own);
      }
      own.addRow(offset, seriesId[i]!, timeMs[i]!, value[i]!);
      this.#samples++;
    }
  }

  /** A group's own samples not taken yet. */
  samplesOf(group: number): number {
    return this.#own.get(group)?.length ?? 0;
  }

  /** What came to a group after `offset`, in order; its own part is given once. */
  take(group: number, offset: number): LoggedEntries {
    const own = this.#own.get(group);
    this.#own.delete(group);
    return mergeEntries(own?.entries(), this.#shared.entriesAfter(offset));
  }
}
