import type { JournalEntry } from '../journal/journal.ts';

/** The series id of a tick's row. */
const TICK = -1;
const INITIAL_CAPACITY = 256;

/** Rows in order of offsets: a sample each, or a tick (`seriesId` −1, and its time). */
export interface LoggedEntries {
  readonly offset: Float64Array<ArrayBuffer>;
  readonly seriesId: Int32Array<ArrayBuffer>;
  readonly timeMs: Float64Array<ArrayBuffer>;
  readonly value: Float64Array<ArrayBuffer>;
}

/**
 * Samples and ticks in order, closely packed. How learning was thinned is no part of it: that is told
 * on its own (thin-history.ts).
 */
export class EntryLog {
  #rows = allocate(INITIAL_CAPACITY);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  add(entry: JournalEntry, offset: number): void {
    if (entry.kind === 'tick') {
      this.addRow(offset, TICK, entry.timeMs, 0);
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

  /** One row, after all others. */
  addRow(offset: number, seriesId: number, timeMs: number, value: number): void {
    this.#reserve(1);
    this.#rows.seriesId[this.#end] = seriesId;
    this.#rows.timeMs[this.#end] = timeMs;
    this.#rows.value[this.#end] = value;
    this.#rows.offset[this.#end++] = offset;
  }

  /** Forgets the entries before `offset`. */
  dropBefore(offset: number): void {
    while (this.#start < this.#end && this.#rows.offset[this.#start]! < offset) this.#start++;
    if (this.#start === this.#end) this.#start = this.#end = 0;
  }

  /** Forgets the samples of these series. */
  forget(series: ReadonlySet<number>): void {
    const { offset, seriesId, timeMs, value } = this.#rows;
    let to = this.#start;
    for (let from = this.#start; from < this.#end; from++) {
      if (series.has(seriesId[from]!)) continue;
      offset[to] = offset[from]!;
      seriesId[to] = seriesId[from]!;
      timeMs[to] = timeMs[from]!;
      value[to++] = value[from]!;
    }
    this.#end = to;
  }

  /** A copy. */
  entries(): LoggedEntries {
    return this.#copy(this.#start);
  }

  /** A copy of those after `after`. */
  entriesAfter(after: number): LoggedEntries {
    const { offset } = this.#rows;
    let [low, high] = [this.#start, this.#end];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (offset[middle]! <= after) low = middle + 1;
      else high = middle;
    }
    return this.#copy(low);
  }

  #copy(from: number): LoggedEntries {
    const { offset, seriesId, timeMs, value } = this.#rows;
    return {
      offset: offset.slice(from, this.#end),
      seriesId: seriesId.slice(from, this.#end),
      timeMs: timeMs.slice(from, this.#end),
      value: value.slice(from, this.#end),
    };
  }

  /** Room at the end: what is kept moves to the front, of larger arrays where it fills half. */
  #reserve(more: number): void {
    if (this.#end + more <= this.#rows.offset.length) return;
    const kept = this.entries();
    const capacity = Math.max(INITIAL_CAPACITY, 2 * (this.length + more));
    this.#rows = allocate(capacity);
    this.#rows.offset.set(kept.offset);
    this.#rows.seriesId.set(kept.seriesId);
    this.#rows.timeMs.set(kept.timeMs);
    this.#rows.value.set(kept.value);
    this.#end = kept.offset.length;
    this.#start = 0;
  }
}

/** Two lists as one, in order of offsets; no offset is in both. */
export function mergeEntries(a: LoggedEntries | undefined, b: LoggedEntries): LoggedEntries {
  if (!a) return b;
  const all = allocate(a.offset.length + b.offset.length);
  for (let [i, j, at] = [0, 0, 0]; at < all.offset.length; at++) {
    const takesA = j === b.offset.length || (i < a.offset.length && a.offset[i]! < b.offset[j]!);
    const from = takesA ? a : b;
    const place = takesA ? i++ : j++;
    all.offset[at] = from.offset[place]!;
    all.seriesId[at] = from.seriesId[place]!;
    all.timeMs[at] = from.timeMs[place]!;
    all.value[at] = from.value[place]!;
  }
  return all;
}

/** The rows as entries again. */
export function* replayEntries(
  rows: LoggedEntries,
): Generator<{ readonly entry: JournalEntry; readonly offset: number }> {
  for (let from = 0, to = 0; from < rows.offset.length; from = to) {
    const offset = rows.offset[from]!;
    while (to < rows.offset.length && rows.offset[to] === offset) to++;
    if (rows.seriesId[from] === TICK) {
      yield { entry: { kind: 'tick', timeMs: rows.timeMs[from]! }, offset };
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
