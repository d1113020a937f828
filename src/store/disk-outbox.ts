/**
 * An outbox that outlives the process. Points wait in memory; once more than `pointsMax` wait for the
 * slowest reader, the oldest are on disk alone and are read again chunk by chunk, so an outage of any
 * length takes the same memory.
 *
 * What counts after a crash is the newest `stage`: chunks that were spilled since are deleted, as
 * their points are computed again.
 */
import type { SeriesLookup } from './chunk.ts';
import { type Chunk, endOf } from './chunk-list.ts';
import { ChunkStore, type OutboxStore } from './chunk-store.ts';
import type { ReaderRecord } from './lane-reader.ts';
import type { DurableOutbox, OutboxEvent, OutboxLimits, OutboxReader } from './outbox.ts';
import * as records from './outbox-records.ts';
import { PointQueue } from './point-queue.ts';
import type { SeriesPoints } from './points.ts';
import { ReaderSet } from './reader-set.ts';
import type { Writer } from './state-store.ts';

/** `pointsMax`: twice as many while the disk takes nothing. */
export interface DiskOutboxOptions extends OutboxLimits {
  /** There may be room again. */
  readonly onAdvance?: () => void;
  readonly onEvent?: (event: OutboxEvent) => void;
  /** Wall clock; by default one that nobody sets while we run. */
  readonly nowMs?: () => number;
}

const MIB = 1_024 * 1_024;
/** What a spill moves at most: encoding it must not hold up what is live. */
const SPILL_POINTS_MAX = 4_000;
const SPILL_BYTES_MAX = 4 * MIB;
/** Points that a spill makes room for at least, as a share of `pointsMax`. */
const SPILL_SHARE = 1 / 8;
/** So often a disk that took nothing is tried again. */
const RETRY_MS = 1_000;
/** Chunks to delete that are worth a commit of their own. */
const GARBAGE_MAX = 64;
/** It is no longer full when so much of the room is free again, as a share. */
const ROOM_AGAIN = 0.5;

export class DiskOutbox implements DurableOutbox {
  readonly doneThrough: number;
  readonly #store: OutboxStore;
  #options: DiskOutboxOptions;
  readonly #nowMs: () => number;
  readonly #chunks: ChunkStore;
  /** All points from its first on; the older ones are on disk alone. */
  readonly #queue: PointQueue;
  readonly #readers: ReaderSet;
  readonly #told = new Set<OutboxEvent['kind']>();
  #through: number;
  #spilling: Promise<void> | undefined;
  /** The disk did not take the newest commit. */
  #refused = false;
  /** Until it is tried again. */
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  /** Readers of earlier runs must be asked for before the first `put` or `stage`. */
  constructor(store: OutboxStore, lookup: SeriesLookup, options: DiskOutboxOptions) {
    this.#store = store;
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.timeOrigin + performance.now());
    const staged = this.#load(records.STAGED_KEY, records.readStaged);
    this.doneThrough = staged?.doneThrough ?? -1;
    this.#through = this.doneThrough;
    this.#chunks = new ChunkStore(store, lookup, {
      end: staged?.end,
      nowMs: this.#nowMs,
      onDamaged: (chunk, reason) => this.#tellDamaged(chunk, reason),
    });
    const { end, list } = this.#chunks;
    this.#queue = new PointQueue(end);
    const known = new Map<string, ReaderRecord>();
    const kept = this.#load(records.READERS_KEY, records.readReaders);
    for (const [sink, record] of kept ?? []) known.set(sink, records.before(end, record));
    // Where nobody knows who has read what, all get everything.
    this.#readers = new ReaderSet(this.#source(), known, kept ? end : (list.oldest?.first ?? end));
  }

  get depth(): number {
    return this.#readers.depth;
  }

  get full(): boolean {
    const { whenFull, bytesMax } = this.#options;
    return whenFull === 'wait' && (this.#chunks.list.bytes >= bytesMax || this.#isStuck);
  }

  /** Points in memory. */
  get inMemory(): number {
    return this.#queue.length;
  }

  /** Of all chunks. */
  get bytes(): number {
    return this.#chunks.list.bytes;
  }

  get through(): number {
    return this.#through;
  }

  put(points: readonly SeriesPoints[], through: number): void {
    this.#forgetOthers();
    this.#through = Math.max(this.#through, through);
    this.#queue.push(points);
    this.#trim();
    this.#keepWithinLimits();
  }

  reader(sink: string): OutboxReader {
    return this.#readers.get(sink);
  }

  forget(sink: string): void {
    this.#tellForgotten(sink, this.#readers.remove(sink));
    this.#trim();
    this.#keepWithinLimits();
    this.#options.onAdvance?.();
  }

  setLimits(limits: OutboxLimits): void {
    this.#options = { ...this.#options, ...limits };
    this.#keepWithinLimits();
    this.#options.onAdvance?.();
  }

  stage(write: Writer, doneThrough = this.#through): () => void {
    this.#forgetOthers();
    const { end } = this.#queue;
    const written = this.#write(write, end);
    write.put('meta', records.STAGED_KEY, records.writeStaged({ end, doneThrough }));
    return () => {
      written();
      this.#refused = false;
      this.#keepWithinLimits();
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#spilling;
  }

  #source() {
    const queue = this.#queue;
    return {
      get end() {
        return queue.end;
      },
      read: (from: number, to: number) => this.#read(from, to),
      moved: () => {
        this.#trim();
        this.#spillIfDue();
        this.#options.onAdvance?.();
      },
    };
  }

  #read(from: number, to: number): { first: number; points: SeriesPoints[] } {
    const points: SeriesPoints[] = [];
    let first = from;
    for (let at = from; at < to; ) {
      if (at >= this.#queue.first) {
        points.push(...this.#queue.slice(at, to));
        break;
      }
      const chunk = this.#chunks.list.atOrAfter(at);
      const held = chunk && chunk.first <= at ? this.#chunks.read(chunk) : undefined;
      if (chunk && held) {
        points.push(...held.slice(at - chunk.first, to - chunk.first));
        at = Math.min(endOf(chunk), to);
        continue;
      }
      // What can be given comes first; the next call finds the hole again.
      if (points.length > 0) break;
      const next = !chunk ? this.#queue.first : chunk.first > at ? chunk.first : endOf(chunk);
      at = Math.min(next, to);
      first = at;
    }
    return { first, points };
  }

  /** Gives up what every reader has had. */
  #trim(): void {
    const needed = this.#readers.position;
    const { list, neededFrom } = this.#chunks;
    list.releaseBefore(needed);
    // A chunk stays in memory whole, since it may have to be written again.
    this.#queue.dropBefore(Math.min(needed, neededFrom, list.oldest?.first ?? needed));
  }

  #keepWithinLimits(): void {
    this.#expire();
    this.#evict();
    this.#keepBytes();
    this.#spillIfDue();
    if (!this.#isStuck) return;
    this.#tellFull(`the disk takes nothing, and ${this.#queue.length} steps wait in memory`);
    if (this.#options.whenFull === 'drop_oldest') this.#dropFromMemory();
  }

  /** The disk takes nothing, and there is no room left in memory. */
  get #isStuck(): boolean {
    return this.#refused && this.#queue.length > 2 * this.#options.pointsMax;
  }

  /** Number from which on points are to stay in memory when others go. */
  get #keepFrom(): number {
    const { pointsMax } = this.#options;
    return this.#queue.end - pointsMax + Math.ceil(pointsMax * SPILL_SHARE);
  }

  /** Takes from memory what is on the disk, oldest first, until there is some room. */
  #evict(): void {
    if (this.#queue.length <= this.#options.pointsMax) return;
    while (this.#queue.first < this.#keepFrom) {
      const chunk = this.#chunks.list.atOrAfter(this.#queue.first);
      if (!chunk || chunk.first > this.#queue.first || !this.#chunks.isSafe(chunk)) return;
      this.#queue.dropBefore(endOf(chunk));
    }
  }

  /** Puts the oldest points of the memory on the disk, and deletes chunks, in the background. */
  #spillIfDue(): void {
    if (this.#closed || this.#spilling || this.#retry) return;
    const { garbage } = this.#chunks.list;
    if (this.#queue.length <= this.#options.pointsMax && garbage.length <= GARBAGE_MAX) return;
    this.#spilling = this.#commit().finally(() => {
      this.#spilling = undefined;
      this.#keepWithinLimits();
      this.#options.onAdvance?.();
    });
  }

  async #commit(): Promise<void> {
    let written = (): void => {};
    try {
      await this.#store.commit((write) => {
        const from = Math.max(this.#queue.first, this.#chunks.end);
        const to = Math.min(this.#keepFrom, from + SPILL_POINTS_MAX);
        written = this.#write(write, to, SPILL_BYTES_MAX);
      });
      written();
      this.#refused = false;
    } catch {
      // The store has said so; what was cut into chunks goes with the next commit.
      this.#refused = true;
      this.#retry ??= setTimeout(() => {
        this.#retry = undefined;
        this.#keepWithinLimits();
      }, RETRY_MS).unref();
    }
  }

  #write(write: Writer, to: number, bytesMax?: number): () => void {
    const written = this.#chunks.write(write, this.#queue, to, bytesMax);
    write.put('meta', records.READERS_KEY, records.writeReaders(this.#readers.records()));
    return written;
  }

  #expire(): void {
    const { list } = this.#chunks;
    const sinceMs = this.#nowMs() - this.#options.ageMsMax;
    if (!list.oldest) this.#told.delete('expired');
    while (list.oldest && list.oldest.writtenMs < sinceMs) {
      this.#tell('expired', 'steps have waited longer than outbox.age_max, and are dropped');
      this.#drop(list.oldest);
    }
  }

  #keepBytes(): void {
    const { list } = this.#chunks;
    const { bytesMax, whenFull } = this.#options;
    if (list.bytes < bytesMax * ROOM_AGAIN && !this.#refused) this.#told.delete('full');
    if (list.bytes < bytesMax) return;
    this.#tellFull(`${Math.round(bytesMax / MIB)} MiB wait on disk (outbox.disk_mib)`);
    while (whenFull === 'drop_oldest' && list.oldest && list.bytes >= bytesMax) {
      this.#drop(list.oldest);
    }
  }

  #drop(chunk: Chunk): void {
    this.#readers.dropBefore(endOf(chunk));
    this.#trim();
  }

  /** Leaves a hole between disk and memory, which readers skip and count when they come there. */
  #dropFromMemory(): void {
    const { first, end } = this.#queue;
    const to = this.#chunks.dropFromMemory(first, end - 2 * this.#options.pointsMax);
    this.#readers.dropBefore(to, first);
    this.#queue.dropBefore(to);
  }

  /** Readers that nobody has asked for belong to sinks that are no more. */
  #forgetOthers(): void {
    for (const { sink, depth } of this.#readers.forgetOthers()) this.#tellForgotten(sink, depth);
  }

  #tellForgotten(sink: string, depth: number): void {
    const left = depth > 0 ? `; ${depth} steps that waited for it are given up` : '';
    const detail = `sink "${sink}" is no longer configured${left}`;
    this.#options.onEvent?.({ kind: 'forgotten', detail });
  }

  /** undefined: there is none, or it cannot be read. */
  #load<T>(key: string, read: (bytes: Uint8Array) => T): T | undefined {
    try {
      const bytes = this.#store.get('meta', key);
      return bytes && read(bytes);
    } catch (error) {
      const detail = `${key}: ${(error as Error).message}; points may be written twice`;
      this.#options.onEvent?.({ kind: 'damaged', detail });
      return undefined;
    }
  }

  #tellDamaged({ first, count }: Chunk, reason: string): void {
    const detail = `${count} steps that waited on disk, from number ${first} on: ${reason}`;
    this.#options.onEvent?.({ kind: 'damaged', detail });
  }

  #tellFull(why: string): void {
    const { whenFull } = this.#options;
    const what = whenFull === 'wait' ? 'the source has to wait' : 'the oldest steps are dropped';
    this.#tell('full', `${why}: ${what}`);
  }

  /** Once an incident. */
  #tell(kind: OutboxEvent['kind'], detail: string): void {
    if (this.#told.has(kind)) return;
    this.#told.add(kind);
    this.#options.onEvent?.({ kind, detail });
  }
}
