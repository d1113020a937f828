/**
 * The journal on disk: one record an append, under the offset of its first entry; in the same commit
 * the rows of new series and symbols, the deliveries that it covers, and the intake's counts. So a
 * restart knows all of a message or nothing.
 *
 * Group commit: appends wait for company, `commitDelayMs` at most and while a commit is under way.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SeriesInfo } from '../decode/series.ts';
import type { IntakeCounts } from '../decode/stream-decoder.ts';
import { diskTrouble } from '../store/disk-trouble.ts';
import { jsonBytes, readJson } from '../store/json.ts';
import { StateError } from '../store/state-error.ts';
import type { StateStore, Writer } from '../store/state-store.ts';
import { decodeRecord, encodeRecord, recordHead } from './codec.ts';
import { DeliveryRows } from './delivery-rows.ts';
import type { Journal, JournalBatch, JournalEntry, Thinning } from './journal.ts';

/** Waiting for company ends here. */
const GROUP_MESSAGES_MAX = 500;
/** Records looked at in one `trim`, so that it never takes long. */
const TRIM_RECORDS_MAX = 2_000;
const META = 'journal';
/** Bytes of the records that were trimmed, ever; written with each `trim`. */
const TRIMMED = 'journal.trimmed';

export interface JournalSettings {
  readonly commitDelayMs: number;
  /** Records that are no longer needed stay so long, while there is room. */
  readonly keepMs: number;
  readonly bytesMax: number;
  /** Entries before it are known to have been written. */
  readonly endAtLeast: number;
  readonly seriesOf: (id: number) => SeriesInfo | undefined;
  /** A record that cannot be read: which entries are missing, and why. */
  readonly onDamage: (text: string) => void;
  readonly clock?: () => number;
}

/** In the table `meta`, written with each group. */
export interface JournalMeta {
  /** Offset of the next entry. */
  readonly end: number;
  /** Of all records ever written, those included that are trimmed since. */
  readonly bytes: number;
  /** Also of streams that are not configured now: they may come back. */
  readonly counts: Readonly<Record<string, IntakeCounts>>;
  /** `thin` entries, oldest first: the one in force where the journal begins, and all after it. */
  readonly thinning: readonly Thinning[];
}

interface Waiting {
  readonly batch: JournalBatch;
  readonly resolve: (offset: number) => void;
  readonly reject: (error: Error) => void;
}

interface Row {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export class LmdbJournal implements Journal {
  readonly #store: StateStore;
  readonly #settings: JournalSettings;
  readonly #clock: () => number;
  readonly #deliveries: DeliveryRows;
  #meta: JournalMeta;
  /** Of the records that are here, or on their way. */
  #bytes: number;
  #trimmed: number;
  #waiting: Waiting[] = [];
  #messages = 0;
  #hurry: AbortController | undefined;
  #running: Promise<void> | undefined;
  /** Nothing goes in behind what did not: samples would be out of order when that comes again. */
  #failure: StateError | undefined;

  constructor(store: StateStore, settings: JournalSettings) {
    this.#store = store;
    this.#settings = settings;
    this.#clock = settings.clock ?? Date.now;
    this.#deliveries = new DeliveryRows(store);
    this.#meta = this.#loadMeta(settings.endAtLeast);
    this.#bytes = this.#loadBytes();
    this.#trimmed = this.#meta.bytes - this.#bytes;
  }

  /** Offset of the next entry. */
  get end(): number {
    return this.#meta.end;
  }

  /** What the intake had counted when the newest record was written. */
  get counts(): ReadonlyMap<string, IntakeCounts> {
    return new Map(Object.entries(this.#meta.counts));
  }

  /** How learning was thinned, as far back as the journal goes. */
  get thinning(): readonly Thinning[] {
    return this.#meta.thinning;
  }

  get deliveries(): DeliveryRows {
    return this.#deliveries;
  }

  /** Offset of the oldest entry that is still here; `end` where there is none. */
  get first(): number {
    const [first] = this.#store.keys<number>('journal');
    return first ?? this.end;
  }

  /** Share of its room that it takes. */
  get fullness(): number {
    return this.#bytes / this.#settings.bytesMax;
  }

  /**
   * In place of the counts that came with the newest record; nothing may be appended meanwhile.
   * @param more goes in the same commit
   */
  async putCounts(
    counts: ReadonlyMap<string, Readonly<IntakeCounts>>,
    more: (write: Writer) => void = () => {},
  ): Promise<void> {
    const all = { ...this.#meta.counts, ...Object.fromEntries(counts) };
    const meta = { ...this.#meta, counts: all, bytes: this.#bytes + this.#trimmed };
    await this.#store.commit((write) => {
      more(write);
      putJournalMeta(write, meta);
    });
    this.#meta = meta;
  }

  append(batch: JournalBatch): Promise<number> {
    const appended = new Promise<number>((resolve, reject) => {
      this.#waiting.push({ batch, resolve, reject });
    });
    appended.catch(() => {}); // whoever waits for an earlier one hears of a failure first
    this.#messages += batch.deliveries?.length ?? 0;
    if (this.#messages >= GROUP_MESSAGES_MAX) this.#hurry?.abort();
    this.#running ??= this.#run();
    return appended;
  }

  async *read(offset: number): AsyncIterable<{ offset: number; entry: JournalEntry }> {
    yield* this.entriesFrom(offset);
  }

  /** @throws Error when entries from `offset` on are gone already */
  *entriesFrom(offset: number): Generator<{ offset: number; entry: JournalEntry }> {
    if (offset < this.first) {
      throw new Error(`journal: entry ${offset} is gone; the oldest kept is ${this.first}`);
    }
    const [start = offset] = this.#store.keys<number>('journal', { start: offset, reverse: true });
    const keys = [...this.#store.keys<number>('journal', { start })];
    for (const [i, key] of keys.entries()) {
      const record = this.#readRecord(key, keys[i + 1] ?? this.end);
      for (const [place, entry] of (record?.entries ?? []).entries()) {
        if (entry && key + place >= offset) yield { offset: key + place, entry };
      }
    }
  }

  async trim(offset: number): Promise<void> {
    const { keepMs, bytesMax } = this.#settings;
    const keepFrom = this.#clock() - keepMs;
    const gone: number[] = [];
    let freed = 0;
    for (const key of this.#store.keys<number>('journal')) {
      if (key >= offset || gone.length === TRIM_RECORDS_MAX) break;
      const { bytes, end, atMs } = this.#weigh(key);
      const hasRoom = this.#bytes - freed <= bytesMax / 2;
      if (end > offset || (atMs > keepFrom && hasRoom)) break;
      gone.push(key);
      freed += bytes;
    }
    if (gone.length === 0) return;
    const trimmed = this.#trimmed + freed;
    await this.#store.commit((write) => {
      for (const key of gone) write.remove('journal', key);
      write.put('meta', TRIMMED, jsonBytes(trimmed));
    });
    this.#trimmed = trimmed;
    this.#bytes -= freed;
  }

  async close(): Promise<void> {
    this.#hurry?.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    await this.#company();
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      this.#messages = 0;
      await this.#commit(group);
    }
    this.#running = undefined;
  }

  /** Others that come soon go along. */
  async #company(): Promise<void> {
    const { commitDelayMs } = this.#settings;
    this.#hurry = new AbortController();
    const { signal } = this.#hurry;
    // What is asked for in this turn goes together in any case.
    await (commitDelayMs > 0 ? sleep(commitDelayMs, undefined, { signal }).catch(() => {}) : null);
    this.#hurry = undefined;
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    const { rows, ends, end, counts } = this.#rowsOf(group);
    // Messages without a sample are counted, and must not be counted again when they are repeated.
    const isNew = rows.length > 0 || group.some(({ batch }) => batch.deliveries?.length);
    try {
      if (this.#failure) throw this.#failure;
      const thinning = this.#thinnedBy(group, rows);
      if (isNew) await this.#write(group, rows, { end, counts, thinning });
      group.forEach(({ resolve }, i) => {
        resolve(ends[i]!);
      });
    } catch (error) {
      const why = error instanceof StateError ? error.message : this.#trouble(error as Error);
      this.#failure = new StateError(why, { cause: error });
      for (const { reject } of group) reject(this.#failure);
    }
  }

  #trouble(error: Error): string {
    return `state: ${diskTrouble(this.#store.dir, error)}; what is not acknowledged stays at the broker`;
  }

  #rowsOf(group: readonly Waiting[]): {
    readonly rows: readonly Row[];
    /** [group] Offset of the last entry. */
    readonly ends: readonly number[];
    readonly end: number;
    readonly counts: JournalMeta['counts'];
  } {
    const atMs = this.#clock();
    const rows: Row[] = [];
    const ends: number[] = [];
    let { end, counts } = this.#meta;
    for (const { batch } of group) {
      const { entries } = batch;
      if (entries.length > 0) {
        rows.push({ offset: end, bytes: encodeRecord({ atMs, entries }) });
        end += entries.length;
      }
      if (batch.counts) counts = { ...counts, ...Object.fromEntries(batch.counts) };
      ends.push(end - 1);
    }
    return { rows, ends, end, counts };
  }

  #thinnedBy(group: readonly Waiting[], rows: readonly Row[]): readonly Thinning[] {
    let offset = rows[0]?.offset ?? this.end;
    const added: Thinning[] = [];
    for (const { batch } of group) {
      for (const entry of batch.entries) {
        if (entry.kind === 'thin') added.push({ offset, factor: entry.factor });
        offset++;
      }
    }
    if (added.length === 0) return this.#meta.thinning;
    const all = [...this.#meta.thinning, ...added];
    const { first } = this;
    return all.filter((_, i) => (all[i + 1]?.offset ?? Number.POSITIVE_INFINITY) > first);
  }

  async #write(
    group: readonly Waiting[],
    rows: readonly Row[],
    next: Omit<JournalMeta, 'bytes'>,
  ): Promise<void> {
    this.#bytes += rows.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const deliveries = group.flatMap(({ batch }) => batch.deliveries ?? []);
    const putDeliveries = this.#deliveries.stage(deliveries, this.#meta.end);
    const meta = { ...next, bytes: this.#bytes + this.#trimmed };
    const putAll = (write: Writer): void => {
      for (const { offset, bytes } of rows) write.put('journal', offset, bytes);
      for (const { batch } of group) for (const entry of batch.entries) putRow(entry, write);
      putDeliveries(write);
      putJournalMeta(write, meta);
    };
    await this.#store.commit(putAll, { insist: true });
    this.#meta = meta;
  }

  #loadMeta(endAtLeast: number): JournalMeta {
    const meta = this.#readMeta();
    // Without it the end is where the newest record ends; states and points may be further on.
    const [newest] = this.#store.keys<number>('journal', { reverse: true });
    const end = newest === undefined ? 0 : this.#weigh(newest).end;
    return { ...meta, end: Math.max(meta.end, end, endAtLeast) };
  }

  #readMeta(): JournalMeta {
    try {
      return readJournalMeta(this.#store);
    } catch (error) {
      this.#settings.onDamage(`what the journal knows of itself: ${(error as Error).message}`);
    }
    return NOTHING;
  }

  /** Where it is not known for sure, the records are weighed: more than there is would never go. */
  #loadBytes(): number {
    if (this.#store.count('journal') === 0) return 0;
    try {
      const trimmed = this.#store.get('meta', TRIMMED);
      const bytes = trimmed ? this.#meta.bytes - readJson<number>(trimmed) : -1;
      if (bytes > 0) return bytes;
    } catch {
      // Weighed, too.
    }
    let sum = 0;
    for (const key of this.#store.keys<number>('journal')) sum += this.#weigh(key).bytes;
    return sum;
  }

  #readRecord(key: number, next: number): ReturnType<typeof decodeRecord> | undefined {
    try {
      return decodeRecord(this.#store.get('journal', key)!, this.#settings.seriesOf);
    } catch (error) {
      const last = next - 1;
      const which = last > key ? `entries ${key} to ${last}` : `entry ${key}`;
      this.#settings.onDamage(`journal, ${which}: ${(error as Error).message}`);
      return undefined;
    }
  }

  /** Of a record that cannot be read only so much is known. */
  #weigh(key: number): { readonly bytes: number; readonly end: number; readonly atMs: number } {
    try {
      const bytes = this.#store.get('journal', key)!;
      const { atMs, length } = recordHead(bytes);
      return { bytes: bytes.length, end: key + length, atMs };
    } catch {
      return { bytes: 0, end: key + 1, atMs: Number.NEGATIVE_INFINITY };
    }
  }
}

const NOTHING: JournalMeta = { end: 0, bytes: 0, counts: {}, thinning: [] };

/** @throws DamagedValue, ForeignFormat */
export function readJournalMeta(store: StateStore): JournalMeta {
  const bytes = store.get('meta', META);
  return bytes ? readJson<JournalMeta>(bytes) : NOTHING;
}

export function putJournalMeta(write: Writer, meta: JournalMeta): void {
  write.put('meta', META, jsonBytes(meta));
}

/** What outlives the record. */
function putRow(entry: JournalEntry, write: Writer): void {
  if (entry.kind === 'series') {
    const { symbols: _, ...row } = entry.series;
    write.put('series', row.id, jsonBytes(row));
  } else if (entry.kind === 'symbols') {
    entry.names.forEach((name, i) => {
      write.put('symbols', [entry.id, entry.from + i], jsonBytes(name));
    });
  }
}
