/**
 * Journal records as bytes (store/bytes.ts):
 *
 *     wall clock at the append, ms | entries | per entry: kind, then
 *       series   id
 *       symbols  id | from | names | name …
 *       samples  count | ids | times | values
 *       tick     time
 *       thin     factor
 *
 * A series itself stands in the table `series`, which outlives the record.
 */
import type { SeriesInfo } from '../decode/series.ts';
import { ByteReader, ByteWriter } from '../store/bytes.ts';
import type { JournalEntry } from './journal.ts';

const KINDS = ['series', 'symbols', 'samples', 'tick', 'thin'] as const;

export interface JournalRecord {
  /** When it was appended, ms by the wall clock. */
  readonly atMs: number;
  readonly entries: readonly JournalEntry[];
}

export function encodeRecord({ atMs, entries }: JournalRecord): Uint8Array {
  const out = new ByteWriter().number(atMs).number(entries.length);
  for (const entry of entries) {
    out.number(KINDS.indexOf(entry.kind));
    encodeEntry(entry, out);
  }
  return out.finish();
}

function encodeEntry(entry: JournalEntry, out: ByteWriter): void {
  switch (entry.kind) {
    case 'series':
      out.number(entry.series.id);
      break;
    case 'symbols':
      out.number(entry.id).number(entry.from).number(entry.names.length);
      for (const name of entry.names) out.text(name);
      break;
    case 'samples': {
      const { count, seriesId, timeMs, value } = entry.batch;
      out.number(count).counts(new Uint32Array(seriesId.buffer, seriesId.byteOffset, count));
      out.numbers(timeMs.subarray(0, count)).numbers(value.subarray(0, count));
      break;
    }
    case 'tick':
      out.number(entry.timeMs);
      break;
    case 'thin':
      out.number(entry.factor);
      break;
  }
}

/**
 * @param seriesOf undefined: its row is damaged, and so the entry is left out
 * @throws Error when the bytes are no record
 */
export function decodeRecord(
  bytes: Uint8Array,
  seriesOf: (id: number) => SeriesInfo | undefined,
): JournalRecord & { readonly entries: readonly (JournalEntry | undefined)[] } {
  const from = new ByteReader(bytes);
  const atMs = from.number();
  const length = from.number();
  const entries = [];
  for (let i = 0; i < length; i++) entries.push(decodeEntry(from, seriesOf));
  from.end();
  return { atMs, entries } as JournalRecord;
}

/** Without reading what the entries hold. */
export function recordHead(bytes: Uint8Array): { readonly atMs: number; readonly length: number } {
  const from = new ByteReader(bytes);
  return { atMs: from.number(), length: from.number() };
}

function decodeEntry(
  from: ByteReader,
  seriesOf: (id: number) => SeriesInfo | undefined,
): JournalEntry | undefined {
  const kind = KINDS[from.number()];
  switch (kind) {
    case 'series': {
      const series = seriesOf(from.number());
      return series && { kind, series };
    }
    case 'symbols': {
      const [id, first, count] = [from.number(), from.number(), from.number()];
      const names = Array.from({ length: count }, () => from.text());
      return { kind, id, from: first, names };
    }
    case 'samples': {
      const count = from.number();
      const ids = new Uint32Array(count);
      const batch = {
        count,
        seriesId: new Int32Array(ids.buffer),
        timeMs: new Float64Array(count),
        value: new Float64Array(count),
      };
      from.counts(ids, 'series of samples');
      from.numbers(batch.timeMs, 'times of samples');
      from.numbers(batch.value, 'values of samples');
      return { kind, batch };
    }
    case 'tick':
      return { kind, timeMs: from.number() };
    case 'thin':
      return { kind, factor: from.number() };
    default:
      throw new Error('a journal entry of unknown kind');
  }
}
