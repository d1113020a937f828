import { describe, expect, it } from 'vitest';
import type { JournalEntry } from './journal.ts';
import { MemoryJournal } from './memory.ts';

const tick = (timeMs: number): JournalEntry => ({ kind: 'tick', timeMs });

async function collect(journal: MemoryJournal, offset: number): Promise<number[]> {
  const offsets: number[] = [];
  for await (const { offset: at, entry } of journal.read(offset)) {
    expect(entry).toEqual(tick(at));
    offsets.push(at);
  }
  return offsets;
}

describe('MemoryJournal', () => {
  it('numbers entries in order and reads from an offset', async () => {
    const journal = new MemoryJournal();
    expect(await journal.append({ entries: [tick(0), tick(1)] })).toBe(1);
    expect(await journal.append({ entries: [tick(2)] })).toBe(2);
    expect(await collect(journal, 1)).toEqual([1, 2]);
  });

  it('refuses to read what was trimmed', async () => {
    const journal = new MemoryJournal();
    await journal.append({ entries: [tick(0), tick(1), tick(2)] });
    await journal.trim(2);
    expect(await collect(journal, 2)).toEqual([2]);
    await expect(collect(journal, 1)).rejects.toThrow('entry 1 is gone; the oldest kept is 2');
  });

  it('keeps a bounded number of entries', async () => {
    const journal = new MemoryJournal();
    for (let i = 0; i < 10_000; i++) await journal.append({ entries: [tick(i)] });
    await expect(collect(journal, 0)).rejects.toThrow('is gone');
    expect((await collect(journal, 9_990)).length).toBe(10);
  });
});
