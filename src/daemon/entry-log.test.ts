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
const thin = (factor: number): JournalEntry => ({ kind: 'thin', factor });

describe('EntryLog', () => {
  it('gives entries back as they were, with their offsets', () => {
    const log = new EntryLog();
    const entries = [samples(1, 2, 3), tick(55), thin(4), tick(56), samples(4), samples(5)];
    entries.forEach((entry, i) => {
      log.add(entry, 10 + i);
    });
    expect(log.length).toBe(8);
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

  it('keeps how learning is thinned at the oldest entry kept', () => {
    const log = new EntryLog();
    [thin(2), samples(1), thin(4), samples(2), thin(8), samples(3)].forEach((entry, offset) => {
      log.add(entry, offset);
    });
    const kept = () => [...replayEntries(log.entries())];
    log.dropBefore(3);
    expect(log.length).toBe(3);
    expect(kept().map(({ entry, offset }) => [offset, entry])).toEqual([
      [2, thin(4)],
      [3, samples(2)],
      [4, thin(8)],
      [5, samples(3)],
    ]);
    log.dropBefore(6);
    expect(kept()).toEqual([{ entry: thin(8), offset: 4 }]);
    for (let offset = 6; offset < 1_000; offset++) log.add(samples(offset), offset);
    expect(kept()).toHaveLength(995);
    expect(kept()[0]).toEqual({ entry: thin(8), offset: 4 });
  });
});
