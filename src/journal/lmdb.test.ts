import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { SeriesInfo } from '../decode/series.ts';
import { jsonBytes } from '../store/json.ts';
import { StateStore } from '../store/state-store.ts';
import type { JournalBatch, JournalEntry } from './journal.ts';
import { type JournalSettings, LmdbJournal } from './lmdb.ts';

const SERIES: SeriesInfo = { id: 3, stream: 's', name: 's/a', receiveTime: false };

const tick = (timeMs: number): JournalEntry => ({ kind: 'tick', timeMs });
const samples = (...values: number[]): JournalEntry => ({
  kind: 'samples',
  batch: {
    count: values.length,
    seriesId: Int32Array.from(values, () => 3),
    timeMs: Float64Array.from(values, (_, i) => 1_000.5 * i),
    value: Float64Array.from(values),
  },
});
const EVERY_KIND: JournalEntry[] = [
  { kind: 'series', series: SERIES },
  { kind: 'symbols', id: 3, from: 1, names: ['läuft', '(other)'] },
  samples(1.5, Number.NaN, -0),
  tick(1e12),
  { kind: 'thin', factor: 4 },
];

let dir = '';
let store: StateStore;
const open: StateStore[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
  rmSync(dir, { recursive: true, force: true });
});

function journalOf(over: Partial<JournalSettings> = {}): { journal: LmdbJournal; said: string[] } {
  if (open.length === 0) dir = mkdtempSync(join(tmpdir(), 'foretide-journal-'));
  store = open[0] ?? new StateStore(dir);
  if (open.length === 0) open.push(store);
  const said: string[] = [];
  const journal = new LmdbJournal(store, {
    commitDelayMs: 0,
    keepMs: 0,
    bytesMax: 1e6,
    endAtLeast: 0,
    seriesOf: (id) => (id === SERIES.id ? SERIES : undefined),
    onDamage: (text) => said.push(text),
    ...over,
  });
  return { journal, said };
}

async function all(journal: LmdbJournal, from: number): Promise<(JournalEntry | number)[]> {
  const found: (JournalEntry | number)[] = [];
  for await (const { offset, entry } of journal.read(from)) found.push(offset, entry);
  return found;
}

describe('LmdbJournal', () => {
  it('gives back every kind of entry, in another life too', async () => {
    const { journal } = journalOf();
    expect(await journal.append({ entries: EVERY_KIND })).toBe(4);
    const read = await all(journalOf().journal, 0);
    expect(read).toEqual(EVERY_KIND.flatMap((entry, i) => [i, entry]));
    expect(store.get('series', 3)).toEqual(Buffer.from(jsonBytes(SERIES)));
    expect(store.get('symbols', [3, 2])).toEqual(Buffer.from(jsonBytes('(other)')));
  });

  it('numbers entries in the order of the appends, whatever goes together', async () => {
    const { journal } = journalOf({ commitDelayMs: 20 });
    const offsets = await Promise.all([
      journal.append({ entries: [tick(0), tick(1)] }),
      journal.append({ entries: [] }),
      journal.append({ entries: [tick(2)] }),
    ]);
    expect(offsets).toEqual([1, 1, 2]);
    expect(await journal.append({ entries: [] })).toBe(2);
    expect(await all(journal, 1)).toEqual([1, tick(1), 2, tick(2)]);
    expect(journal.end).toBe(3);
  });

  it('does not resolve before what it covers is on disk', async () => {
    const { journal } = journalOf();
    let isThere = false;
    const appended = journal.append({ entries: [tick(0)] }).then(() => {
      isThere = [...store.keys('journal')].length === 1;
    });
    expect([...store.keys('journal')]).toEqual([]);
    await appended;
    expect(isThere).toBe(true);
  });

  it('takes nothing behind what the disk has refused, so that order is kept', async () => {
    const { journal } = journalOf();
    await journal.append({ entries: [tick(0)] });
    vi.spyOn(store, 'commit').mockRejectedValueOnce(new Error('no room'));
    const refused = journal.append({ entries: [tick(1)] });
    await expect(refused).rejects.toMatchObject({ name: 'StateError', exitCode: 5 });
    await expect(journal.append({ entries: [tick(2)] })).rejects.toThrow('no room');
    expect(await all(journalOf().journal, 0)).toEqual([0, tick(0)]);
  });

  it('keeps the counts and the deliveries of the newest session', async () => {
    const { journal } = journalOf();
    const counts = new Map([['s', { received: 7, invalid: 1, filtered: 0 }]]);
    const delivery = (session: number, packetId: number) => ({ session, packetId, digest: 4e9 });
    const batch = (...deliveries: JournalBatch['deliveries'] & {}): JournalBatch => ({
      entries: [tick(0)],
      deliveries,
      counts,
    });
    await journal.append(batch(delivery(1, 1)));
    await journal.append(batch(delivery(2, 9), delivery(2, 8)));
    await journal.append(batch(delivery(2, 7)));
    const again = journalOf().journal;
    expect(again.counts).toEqual(counts);
    expect(again.deliveries.newest()).toEqual([delivery(2, 9), delivery(2, 8), delivery(2, 7)]);
  });

  it('keeps how learning was thinned from where it begins', async () => {
    const thin = (factor: number): JournalEntry => ({ kind: 'thin', factor });
    const { journal } = journalOf();
    for (const entries of [[thin(2)], [thin(4), tick(0)], [tick(1)]]) {
      await journal.append({ entries });
    }
    expect(journalOf().journal.thinning).toEqual([
      { offset: 0, factor: 2 },
      { offset: 1, factor: 4 },
    ]);
    await journal.trim(3);
    await journal.append({ entries: [tick(2), thin(1)] });
    expect(journalOf().journal.thinning).toEqual([
      { offset: 1, factor: 4 },
      { offset: 5, factor: 1 },
    ]);
  });

  it('keeps counts and deliveries of messages that brought nothing', async () => {
    const { journal } = journalOf();
    const counts = (received: number) => new Map([['s', { received, invalid: 1, filtered: 0 }]]);
    const delivery = (packetId: number) => ({ session: 1, packetId, digest: 5 });
    const batch = (id: number, entries: JournalEntry[]): JournalBatch => ({
      entries,
      deliveries: [delivery(id)],
      counts: counts(id),
    });
    await journal.append(batch(1, [tick(0)]));
    expect(await journal.append(batch(2, []))).toBe(0);
    await journal.append(batch(3, []));
    expect(journalOf().journal.counts).toEqual(counts(3));
    // At the same place as those before.
    expect(await journal.append(batch(4, [tick(1)]))).toBe(1);
    await journal.append({ entries: [], counts: counts(9) });
    const again = journalOf().journal;
    expect(again.counts).toEqual(counts(4));
    expect(again.deliveries.newest()).toEqual([1, 2, 3, 4].map(delivery));
    expect(await all(again, 0)).toEqual([0, tick(0), 1, tick(1)]);
  });

  it('forgets old deliveries though nothing but unreadable messages come', async () => {
    const { journal } = journalOf();
    for (let i = 0; i < 60; i++) {
      const deliveries = Array.from({ length: 100 }, (_, k) => {
        return { session: 0, packetId: i * 100 + k, digest: 0 };
      });
      await journal.append({ entries: [], deliveries });
    }
    const kept = journalOf().journal.deliveries.newest();
    expect(kept).toHaveLength(4_000);
    expect(kept.at(-1)!.packetId).toBe(5_999);
  });

  it('keeps 2,000 deliveries, and not many more', async () => {
    const { journal } = journalOf();
    for (let i = 0; i < 30; i++) {
      const deliveries = Array.from({ length: 100 }, (_, k) => {
        return { session: 0, packetId: i * 100 + k, digest: 0 };
      });
      await journal.append({ entries: [tick(i)], deliveries });
    }
    const kept = journalOf().journal.deliveries.newest();
    expect(kept.map(({ packetId }) => packetId)).toEqual(
      Array.from({ length: 2_000 }, (_, i) => 1_000 + i),
    );
  });

  it('forgets whole records before an offset, and goes on counting', async () => {
    const { journal } = journalOf();
    for (let i = 0; i < 3; i++) await journal.append({ entries: [tick(2 * i), tick(2 * i + 1)] });
    await journal.trim(3);
    expect(await all(journal, 2)).toHaveLength(8);
    await expect(all(journal, 1)).rejects.toThrow('entry 1 is gone; the oldest kept is 2');
    await journal.trim(6);
    expect(journal.first).toBe(6);
    expect(journalOf().journal.end).toBe(6);
  });

  it('keeps what is young while there is room', async () => {
    let nowMs = 0;
    const { journal } = journalOf({ keepMs: 1_000, bytesMax: 1_000, clock: () => nowMs });
    await journal.append({ entries: [tick(0)] });
    nowMs = 500;
    await journal.append({ entries: [tick(1)] });
    nowMs = 1_200;
    await journal.trim(2);
    expect(journal.first).toBe(1);
    expect(journal.fullness).toBeLessThan(0.5);
    await journal.append({ entries: [samples(...Array.from({ length: 40 }, (_, i) => i))] });
    expect(journal.fullness).toBeGreaterThan(0.5);
    await journal.trim(3);
    expect(journal.first).toBe(3);
    expect(journal.fullness).toBe(0);
  });

  it('passes a damaged record over, and says which entries are missing', async () => {
    const { journal } = journalOf();
    await journal.append({ entries: [tick(0)] });
    await journal.append({ entries: [tick(1), tick(2)] });
    await journal.append({ entries: [tick(3)] });
    await store.commit((write) => write.put('journal', 1, Uint8Array.of(1, 2, 3)));
    const { journal: again, said } = journalOf();
    expect(await all(again, 0)).toEqual([0, tick(0), 3, tick(3)]);
    expect(said).toEqual([expect.stringMatching(/^journal, entries 1 to 2: saved state: ends at/)]);
    expect(again.end).toBe(4);
  });

  it('never gives an offset twice, even where it has forgotten all', async () => {
    const { journal } = journalOf();
    await journal.append({ entries: [tick(0), tick(1)] });
    await store.commit((write) => {
      write.remove('journal', 0);
      write.remove('meta', 'journal');
    });
    expect(await journalOf({ endAtLeast: 2 }).journal.append({ entries: [tick(2)] })).toBe(2);
  });

  it('knows how much room it takes from life to life, whatever was trimmed after the last append', async () => {
    let { journal } = journalOf();
    for (let life = 0; life < 4; life++) {
      for (let i = 0; i < 5; i++) await journal.append({ entries: [samples(1, 2, 3)] });
      const { fullness } = journal;
      await journal.trim(journal.end - 1);
      ({ journal } = journalOf());
      expect(journal.fullness).toBeCloseTo(fullness / 5, 9);
      await journal.trim(journal.end);
      ({ journal } = journalOf());
      expect(journal.fullness).toBe(0);
    }
    await journal.append({ entries: [samples(1, 2, 3)] });
    const { fullness } = journal;
    await store.commit((write) => write.put('meta', 'journal.trimmed', new Uint8Array(3)));
    ({ journal } = journalOf());
    expect(journal.fullness).toBe(fullness);
  });

  it('keeps the counts of a stream that is not configured for a while', async () => {
    const counts = { received: 5, invalid: 0, filtered: 0 };
    const { journal } = journalOf();
    await journal.append({ entries: [tick(1)], counts: new Map([['old', counts]]) });
    await journal.append({ entries: [tick(2)], counts: new Map([['new', counts]]) });
    await journal.putCounts(new Map([['new', counts]]));
    expect([...journalOf().journal.counts.keys()]).toEqual(['old', 'new']);
  });
});
