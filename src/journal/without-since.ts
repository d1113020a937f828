import type { SeriesInfo } from '../decode/series.ts';
import { decodeRecord, encodeRecord } from './codec.ts';
import type { JournalEntry } from './journal.ts';

/**
 * A record without samples and ticks from a time on. Entries keep their offsets: what is forgotten of
 * them becomes empty.
 * @throws Error when the bytes are no record
 */
export function withoutSince(
  bytes: Uint8Array,
  sinceMs: number,
): { readonly bytes: Uint8Array; readonly samples: number; readonly changed: boolean } {
  // The series stand in a table of their own; a record has only their ids.
  const seriesOf = (id: number): SeriesInfo => {
    return { id, stream: '', name: '', receiveTime: false };
  };
  const { atMs, entries } = decodeRecord(bytes, seriesOf);
  let samples = 0;
  let changed = false;
  const kept = entries.map((entry): JournalEntry => {
    if (entry!.kind === 'tick' && entry!.timeMs >= sinceMs) {
      changed = true;
      return EMPTY;
    }
    if (entry!.kind !== 'samples') return entry!;
    const before = entry!.batch.count;
    const batch = samplesBefore(entry!.batch, sinceMs);
    samples += before - batch.count;
    return { kind: 'samples', batch };
  });
  changed ||= samples > 0;
  return { bytes: changed ? encodeRecord({ atMs, entries: kept }) : bytes, samples, changed };
}

type Samples = (JournalEntry & { kind: 'samples' })['batch'];

const EMPTY: JournalEntry = {
  kind: 'samples',
  batch: {
    count: 0,
    seriesId: new Int32Array(0),
    timeMs: new Float64Array(0),
    value: new Float64Array(0),
  },
};

function samplesBefore({ count, seriesId, timeMs, value }: Samples, sinceMs: number): Samples {
  const isKept = (_: number, i: number): boolean => i < count && timeMs[i]! < sinceMs;
  const kept = timeMs.filter(isKept);
  return {
    count: kept.length,
    seriesId: seriesId.filter(isKept),
    timeMs: kept,
    value: value.filter(isKept),
  };
}
