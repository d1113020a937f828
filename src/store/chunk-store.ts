import {
  CHUNK_BYTES_MAX,
  CHUNK_POINTS_MAX,
  type ChunkKey,
  ChunkWriter,
  readChunk,
  type SeriesLookup,
} from './chunk.ts';
import { type Chunk, ChunkList, endOf, keyOf } from './chunk-list.ts';
import type { PointQueue } from './point-queue.ts';
import type { SeriesPoints } from './points.ts';
import type { StateStore, Writer } from './state-store.ts';

/** What the outbox needs of the store. */
export type OutboxStore = Pick<StateStore, 'commit' | 'get' | 'keys'>;

export interface ChunkStoreOptions {
  /**
   * Number after the last point that was staged; what is found beyond it is deleted. undefined: not
   * known, and then all that is found is kept, even if it comes a second time.
   */
  readonly end: number | undefined;
  /** Wall clock. */
  readonly nowMs: () => number;
  /** Once a chunk. */
  readonly onDamaged: (chunk: Chunk, reason: string) => void;
}

/** Each `stage` leaves a chunk with what came since the last one; so many are put together. */
const SMALL_CHUNKS_MAX = 16;
/** Chunks that are kept decoded: a reader may be in the midst of one. */
const DECODED_MAX = 4;

interface Merge {
  readonly members: readonly Chunk[];
  readonly merged: Chunk;
}

/** Points cut into chunks: their way to the disk and back. */
export class ChunkStore {
  readonly list = new ChunkList();
  readonly #store: OutboxStore;
  readonly #lookup: SeriesLookup;
  readonly #options: ChunkStoreOptions;
  readonly #decoded = new Map<Chunk, SeriesPoints[]>();
  /** Under way until a commit with it has succeeded. */
  #merge: Merge | undefined;
  #end: number;

  constructor(store: OutboxStore, lookup: SeriesLookup, options: ChunkStoreOptions) {
    this.#store = store;
    this.#lookup = lookup;
    this.#options = options;
    const { end = Number.POSITIVE_INFINITY } = options;
    let at = 0;
    for (const [first, count, bytes, writtenMs] of store.keys<ChunkKey>('outbox')) {
      const chunk = { first, count, bytes, writtenMs, saved: true, damaged: false };
      if (first < at || endOf(chunk) > end) {
        this.list.discard(chunk);
      } else {
        this.list.push(chunk);
        at = endOf(chunk);
      }
    }
    this.#end = options.end ?? at;
  }

  /** Number after the last point that is part of a chunk. */
  get end(): number {
    return this.#end;
  }

  /** The memory is needed from this number on, whoever has read it. */
  get neededFrom(): number {
    return this.#merge?.merged.first ?? Number.POSITIVE_INFINITY;
  }

  /** Whether the disk has it under its own key, and will go on so. */
  isSafe(chunk: Chunk): boolean {
    return chunk.saved && !this.#merge?.members.includes(chunk);
  }

  /**
   * Gives up what is in memory from number `from` on, up to `to` or a little further: no chunk may lose
   * a part.
   * @returns where it ends
   */
  dropFromMemory(from: number, to: number): number {
    let end = to;
    for (const chunk of [this.#merge?.merged, this.list.atOrAfter(end)]) {
      if (chunk && chunk.first < end) end = Math.max(end, endOf(chunk));
    }
    this.list.releaseBetween(from, end);
    this.#end = Math.max(this.#end, end);
    return end;
  }

  /**
   * Adds to a commit what waits in memory alone, up to number `to` or a little further, and deletes
   * what nobody needs.
   * @param bytesMax no further chunk is made when there are so many
   * @returns to be called once the commit has succeeded
   */
  write(
    writer: Writer,
    queue: PointQueue,
    to: number,
    bytesMax = Number.POSITIVE_INFINITY,
  ): () => void {
    const garbage = new Set(this.list.garbage);
    for (const chunk of garbage) writer.remove('outbox', keyOf(chunk));
    const written = this.list.all.filter(({ saved }) => !saved);
    for (const chunk of written) this.#put(writer, chunk, queue);
    this.#end = Math.max(this.#end, queue.first);
    for (let made = 0; this.#end < to && made < bytesMax; ) {
      const { chunk, bytes } = this.#encode(
        queue,
        this.#end,
        queue.end,
        Math.round(this.#options.nowMs()),
      );
      writer.put('outbox', keyOf(chunk), bytes);
      this.list.push(chunk);
      written.push(chunk);
      this.#end += chunk.count;
      made += chunk.bytes;
    }
    this.#merge = this.#mergeUnderWay() ?? this.#nextMerge(queue);
    const merge = this.#merge;
    if (merge) {
      for (const chunk of merge.members) writer.remove('outbox', keyOf(chunk));
      this.#put(writer, merge.merged, queue);
    }
    return () => {
      this.list.discarded(garbage);
      for (const chunk of written) chunk.saved = true;
      if (!merge || this.#merge !== merge) return;
      this.#merge = undefined;
      merge.merged.saved = true;
      this.list.replace(merge.members, merge.merged);
    };
  }

  /** undefined: it cannot be read. */
  read(chunk: Chunk): readonly SeriesPoints[] | undefined {
    if (chunk.damaged) return undefined;
    const known = this.#decoded.get(chunk);
    if (known) return known;
    try {
      const bytes = this.#store.get('outbox', keyOf(chunk));
      if (!bytes) throw new Error('it is gone');
      const points = readChunk(bytes, chunk.count, this.#lookup);
      const [oldest] = this.#decoded.keys();
      if (oldest && this.#decoded.size >= DECODED_MAX) this.#decoded.delete(oldest);
      this.#decoded.set(chunk, points);
      return points;
    } catch (error) {
      chunk.damaged = true;
      this.#options.onDamaged(chunk, (error as Error).message);
      return undefined;
    }
  }

  #put(writer: Writer, chunk: Chunk, queue: PointQueue): void {
    const { bytes } = this.#encode(queue, chunk.first, endOf(chunk), chunk.writtenMs);
    writer.put('outbox', keyOf(chunk), bytes);
  }

  #encode(queue: PointQueue, first: number, to: number, writtenMs: number) {
    const writer = new ChunkWriter(this.#lookup);
    for (let at = first; at < to && !writer.full; at++) writer.add(queue.at(at));
    const { count } = writer;
    const bytes = writer.finish();
    const size = bytes.length;
    return { chunk: { first, count, bytes: size, writtenMs, saved: false, damaged: false }, bytes };
  }

  #mergeUnderWay(): Merge | undefined {
    const merge = this.#merge;
    if (!merge || merge.members.some((chunk) => this.list.all.includes(chunk))) return merge;
    // Nobody needs them any more. A commit that is under way may still write it.
    this.list.discard(merge.merged);
    return undefined;
  }

  /** The newest saved chunks, where many in a row are small. */
  #nextMerge(queue: PointQueue): Merge | undefined {
    const { all } = this.list;
    let to = all.length;
    while (to > 0 && !all[to - 1]!.saved) to--;
    let from = to;
    while (from > 0 && isSmall(all[from - 1]!) && all[from - 1]!.first >= queue.first) from--;
    if (to - from < SMALL_CHUNKS_MAX) return undefined;
    let [count, bytes, end] = [0, 0, from];
    for (; end < to; end++) {
      count += all[end]!.count;
      bytes += all[end]!.bytes;
      if (count > CHUNK_POINTS_MAX || bytes > CHUNK_BYTES_MAX) break;
    }
    const members = all.slice(from, end);
    const [{ first, writtenMs }, last] = [members[0]!, members.at(-1)!];
    return { members, merged: this.#encode(queue, first, endOf(last), writtenMs).chunk };
  }
}

function isSmall({ saved, count, bytes }: Chunk): boolean {
  return saved && count <= CHUNK_POINTS_MAX / 2 && bytes <= CHUNK_BYTES_MAX / 2;
}
