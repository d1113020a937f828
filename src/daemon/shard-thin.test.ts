/** Learning thinned by journal entries: the same bytes wherever a shard is restored. */
import { describe, expect, it } from 'vitest';
import { streamSettings } from '../../test/support/stream-settings.ts';
import { Random } from '../../test/support/streams.ts';
import type { SeriesInfo } from '../decode/series.ts';
import type { JournalEntry } from '../journal/journal.ts';
import type { SeriesPoints } from '../store/points.ts';
import { loadEngines } from './engines.ts';
import type { StreamSettings } from './settings.ts';
import { type SavedSeries, Shard } from './shard.ts';

const T0 = 1_700_000_000_000;
const STREAM = streamSettings({
  effort: 'low',
  seasons: 'auto',
  recurrent: {
    cell: 'gru',
    hidden: 4,
    layers: 1,
    updateSteps: 2,
    windowSteps: 8,
    optimizer: 'adam',
    learningRate: 0.01,
    clipNorm: 1,
  },
});
const SETTINGS = new Map<string, StreamSettings>([
  ['s', STREAM],
  ['together', { ...STREAM, name: 'together', seasons: [{ ms: 6_000 }] }],
  ['states', { ...STREAM, name: 'states', seasons: [], symbolsMax: 5 }],
]);
const ENGINES = await loadEngines(SETTINGS, () => {});

const group = (channel: number) => ({ key: 'together\nt', channel, channels: 2 });
const SERIES: SeriesInfo[] = [
  { id: 0, stream: 's', name: 'alone', receiveTime: false },
  { id: 1, stream: 'together', name: 'a', receiveTime: true, group: group(0) },
  { id: 2, stream: 'together', name: 'b', receiveTime: true, group: group(1) },
  { id: 3, stream: 'states', name: 'state', receiveTime: false },
  // Falls silent before learning is thinned, and speaks again at the end.
  { id: 4, stream: 's', name: 'idle', receiveTime: false },
];

/** A sample of every series a second; ticks; learning is thinned, more, and less again. */
function journal(seconds: number, thin: ReadonlyMap<number, number>): JournalEntry[] {
  const random = new Random(5);
  const entries: JournalEntry[] = SERIES.map((series) => ({ kind: 'series', series }));
  for (let s = 0; s < seconds; s++) {
    const factor = thin.get(s);
    if (factor !== undefined) entries.push({ kind: 'thin', factor });
    const idle = s > 40 && s < seconds - 10;
    const ids = idle ? [0, 1, 2, 3] : [0, 1, 2, 3, 4];
    const values = ids.map((id) =>
      id === 3 ? Math.floor(random.uniform() * 4) : 5 * Math.sin(s) + random.normal(),
    );
    const batch = {
      count: ids.length,
      seriesId: Int32Array.from(ids),
      timeMs: Float64Array.from(ids, () => T0 + 1000 * s),
      value: Float64Array.from(values),
    };
    entries.push({ kind: 'samples', batch });
    if (s % 5 === 0) entries.push({ kind: 'tick', timeMs: T0 + 1000 * s });
  }
  return entries;
}

function apply(shard: Shard, entries: readonly JournalEntry[], from: number): SeriesPoints[] {
  const out: SeriesPoints[] = [];
  for (let offset = from; offset < entries.length; offset++) {
    shard.apply(entries[offset]!, offset, (points) => out.push(points));
  }
  return out;
}

const CHANGES = new Map([
  [60, 2],
  [75, 8],
  [90, 4],
  [120, 1],
  [140, 2],
]);

/** Every series, and the states of all as they are at the end. */
function everything(shard: Shard, offset: number): SavedSeries[] {
  const saved: SavedSeries[] = [];
  for (let next = shard.saveNext(offset); next; next = shard.saveNext(offset)) saved.push(next);
  return saved.sort((a, b) => a.id - b.id);
}

describe('a shard with learning thinned', () => {
  const entries = journal(180, CHANGES);

  it('learns otherwise, and forecasts at every step', () => {
    const plain = new Shard(SETTINGS, ENGINES);
    const thinned = new Shard(SETTINGS, ENGINES);
    const full = apply(plain, journal(180, new Map()), 0);
    const less = apply(thinned, entries, 0);
    expect(less.map(({ series, issuedMs }) => [series, issuedMs])).toEqual(
      full.map(({ series, issuedMs }) => [series, issuedMs]),
    );
    for (const name of ['alone', 'a', 'state', 'idle']) {
      const of = (points: readonly SeriesPoints[]) =>
        points.filter(({ series }) => series === name);
      expect(of(less)).not.toEqual(of(full));
      expect(of(less).slice(0, 40)).toEqual(of(full).slice(0, 40));
    }
  });

  it('changes nothing with a factor of 1', () => {
    const one = new Shard(SETTINGS, ENGINES);
    const none = new Shard(SETTINGS, ENGINES);
    const with1 = entries.map((entry) => (entry.kind === 'thin' ? { ...entry, factor: 1 } : entry));
    const without = with1.map(
      (entry): JournalEntry =>
        // As many entries, so that the offsets are the same.
        entry.kind === 'thin' ? { kind: 'symbols', id: 0, from: 0, names: [] } : entry,
    );
    expect(apply(one, with1, 0)).toEqual(apply(none, without, 0));
    expect(everything(one, 999)).toEqual(everything(none, 999));
  });

  it('goes on byte for byte from states saved at any time, with the entries since', () => {
    const through = new Shard(SETTINGS, ENGINES);
    const random = new Random(8);
    const saves = new Map<number, SavedSeries>();
    const points: SeriesPoints[][] = [];
    const states: { readonly offset: number; readonly saved: SavedSeries[] }[] = [];
    entries.forEach((entry, offset) => {
      const closed: SeriesPoints[] = [];
      through.apply(entry, offset, (one) => closed.push(one));
      points.push(closed);
      const saved = random.uniform() < 0.7 ? through.saveNext(offset) : undefined;
      if (saved) saves.set(saved.id, saved);
      if (offset % 47 === 46) states.push({ offset, saved: [...saves.values()] });
    });
    const end = everything(through, entries.length);

    for (const { offset, saved } of states) {
      const restored = new Shard(SETTINGS, ENGINES);
      for (const series of SERIES) restored.apply({ kind: 'series', series }, 0, () => {});
      for (const one of saved) restored.restore(one);
      // As whoever keeps the journal does: all `thin` entries first, or each in its place.
      const thin = entries.map((entry, at) => ({ entry, at }));
      for (const { entry, at } of thin) {
        if (entry.kind === 'thin' && offset % 2 === 0) restored.apply(entry, at, () => {});
      }
      for (let at = 0; at <= offset; at++) {
        const entry = entries[at]!;
        if (entry.kind !== 'series') restored.apply(entry, at, () => {});
      }
      expect(apply(restored, entries, offset + 1)).toEqual(points.slice(offset + 1).flat());
      const last = new Map(everything(restored, entries.length).map((one) => [one.id, one]));
      for (const { id, bytes } of end) {
        expect(Buffer.compare(last.get(id)!.bytes, bytes), `series ${id}`).toBe(0);
      }
    }
  });

  it('does not save idle series again because learning is thinned', () => {
    const shard = new Shard(SETTINGS, ENGINES);
    apply(shard, entries.slice(0, 30), 0);
    expect(everything(shard, 29).length).toBeGreaterThan(0);
    for (let offset = 30; offset < 50; offset++) {
      shard.apply({ kind: 'thin', factor: 1 + (offset % 2) }, offset, () => {});
    }
    expect(shard.unsavedFrom).toBeUndefined();
    expect(shard.saveNext(50)).toBeUndefined();
  });
});
