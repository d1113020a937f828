import { describe, expect, it } from 'vitest';
import type { JournalEntry } from '../journal/journal.ts';
import { EntryLog, replayEntries } from './entry-log.ts';

function samples(...values: number[]): JournalEntry {
  const batch = {
    count: values.length,
    seriesId: Int32Array.from(values, (v) => v % 3),
    timeMs: Float64Array.from(values, (v) => v * 10),
    value: Float64Array.from(values),
  };
  return { kind: 'samples', batch };
}
const tick = (timeMs: number): JournalEntry => ({ kind: 'tick', timeMs });

describe('EntryLog', () => {
  it('gives entries back as they were, with their offsets', () => {
    const log = new EntryLog();
    const entries = [samples(1, 2, 3), tick(55), tick(56), samples(4), samples(5)];
    entries.forEach((entry, i) => {
      log.add(entry, 10 + i);
    });
    expect(log.length).toBe(7);
    expect([...replayEntries(log.entries())]).toEqual(
      entries.map((entry, i) => ({ entry, offset: 10 + i })),
    );
  });

  it('forgets what is old, and keeps its size while as much comes as goes', () => {
    const log = new EntryLog();
    for (let offset = 0; offset < 100_000; offset++) {
      log.add(samples(offset, offset + 1), offset);
      log.dropBefore(offset - 99);
    }
    expect(log.length).toBe(200);
    const entries = [...replayEntries(log.entries())];
    expect(entries[0]).toEqual({ entry: samples(99_900, 99_901), offset: 99_900 });
    expect(entries.at(-1)).toEqual({ entry: samples(99_999, 100_000), offset: 99_999 });
    log.dropBefore(100_000);
    expect([...replayEntries(log.entries())]).toEqual([]);
  });
});
