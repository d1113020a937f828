import type { JournalEntry } from '../journal/journal.ts';
import type { Thinning } from './thin-history.ts';

/** The series id of a tick's row, and of a `thin` entry's. */
const TICK = -1;
const THIN = -2;
const INITIAL_CAPACITY = 256;

/**
 * Rows in order of offsets: a sample each, or a tick (`seriesId` −1, and its time), or a `thin` entry
 * (`seriesId` −2, and its factor as `value`).
 */
export interface LoggedEntries {
  readonly offset: Float64Array<ArrayBuffer>;
  readonly seriesId: Int32Array<ArrayBuffer>;
  readonly timeMs: Float64Array<ArrayBuffer>;
  readonly value: Float64Array<ArrayBuffer>;
}

/** The entries that came to a shard since its oldest saved state, closely packed. */
export class EntryLog {
  #rows = allocate(INITIAL_CAPACITY);
  #start = 0;
  #end = 0;
  /** The newest of the `thin` entries forgotten: it is still in force at the oldest that is kept. */
  #inForce: Thinning | undefined;

  get length(): number {
    return this.#end - this.#start;
  }

  add(entry: JournalEntry, offset: number): void {
    if (entry.kind === 'tick') {
      this.#addRow(TICK, entry.timeMs, 0, offset);
    } else if (entry.kind === 'thin') {
      this.#addRow(THIN, 0, entry.factor, offset);
    } else if (entry.kind === 'samples') {
      const { count, seriesId, timeMs, value } = entry.batch;
      this.#reserve(count);
      this.#rows.seriesId.set(seriesId.subarray(0, count), this.#end);
      this.#rows.timeMs.set(timeMs.subarray(0, count), this.#end);
      this.#rows.value.set(value.subarray(0, count), this.#end);
      this.#rows.offset.fill(offset, this.#end, this.#end + count);
      this.#end += count;
    }
  }

  #addRow(kind: typeof TICK | typeof THIN, timeMs: number, value: number, offset: number): void {
    this.#reserve(1);
    this.#rows.seriesId[this.#end] = kind;
    this.#rows.timeMs[this.#end] = timeMs;
    this.#rows.value[this.#end] = value;
    this.#rows.offset[this.#end++] = offset;
  }

  /** Forgets the entries before `offset`, but for how learning is thinned by then. */
  dropBefore(offset: number): void {
    const { offset: offsets, seriesId, value } = this.#rows;
    for (; this.#start < this.#end && offsets[this.#start]! < offset; this.#start++) {
      if (seriesId[this.#start] !== THIN) continue;
      this.#inForce = { offset: offsets[this.#start]!, factor: value[this.#start]! };
    }
    if (this.#start === this.#end) this.#start = this.#end = 0;
  }

  /** A copy of what another shard needs, the `thin` entry in force first. */
  entries(): LoggedEntries {
    const kept = this.#kept();
    if (!this.#inForce) return kept;
    const rows = allocate(1 + kept.offset.length);
    rows.seriesId[0] = THIN;
    rows.value[0] = this.#inForce.factor;
    rows.offset[0] = this.#inForce.offset;
    put(kept, rows, 1);
    return rows;
  }

  #kept(): LoggedEntries {
    const { offset, seriesId, timeMs, value } = this.#rows;
    return {
      offset: offset.slice(this.#start, this.#end),
      seriesId: seriesId.slice(this.#start, this.#end),
      timeMs: timeMs.slice(this.#start, this.#end),
      value: value.slice(this.#start, this.#end),
    };
  }

  /** Room at the end: what is kept moves to the front, of larger arrays where it fills half. */
  #reserve(more: number): void {
    if (this.#end + more <= this.#rows.offset.length) return;
    const kept = this.#kept();
    const capacity = Math.max(INITIAL_CAPACITY, 2 * (this.length + more));
    this.#rows = allocate(capacity);
    put(kept, this.#rows, 0);
    this.#end = kept.offset.length;
    this.#start = 0;
  }
}

/** The rows as entries again. */
export function* replayEntries(
  rows: LoggedEntries,
): Generator<{ readonly entry: JournalEntry; readonly offset: number }> {
  for (let from = 0, to = 0; from < rows.offset.length; from = to) {
    const offset = rows.offset[from]!;
    while (to < rows.offset.length && rows.offset[to] === offset) to++;
    const kind = rows.seriesId[from];
    if (kind === TICK) {
      yield { entry: { kind: 'tick', timeMs: rows.timeMs[from]! }, offset };
    } else if (kind === THIN) {
      yield { entry: { kind: 'thin', factor: rows.value[from]! }, offset };
    } else {
      const batch = {
        count: to - from,
        seriesId: rows.seriesId.subarray(from, to),
        timeMs: rows.timeMs.subarray(from, to),
        value: rows.value.subarray(from, to),
      };
      yield { entry: { kind: 'samples', batch }, offset };
    }
  }
}

function allocate(capacity: number): LoggedEntries {
  return {
    offset: new Float64Array(capacity),
    seriesId: new Int32Array(capacity),
    timeMs: new Float64Array(capacity),
    value: new Float64Array(capacity),
  };
}

function put(from: LoggedEntries, to: LoggedEntries, at: number): void {
  to.offset.set(from.offset, at);
  to.seriesId.set(from.seriesId, at);
  to.timeMs.set(from.timeMs, at);
  to.value.set(from.value, at);
}
