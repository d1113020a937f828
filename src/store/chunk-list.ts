import type { ChunkKey } from './chunk.ts';

/** A chunk as it is known without being read. */
export interface Chunk {
  readonly first: number;
  readonly count: number;
  readonly bytes: number;
  /** Of its oldest point, ms by the wall clock. */
  readonly writtenMs: number;
  /** A commit with it has succeeded. */
  saved: boolean;
  /** Could not be read, and was told. */
  damaged: boolean;
}

export function keyOf({ first, count, bytes, writtenMs }: Chunk): ChunkKey {
  return [first, count, bytes, writtenMs];
}

export function endOf({ first, count }: Chunk): number {
  return first + count;
}

/** Chunks in order of their numbers, which may leave holes; and what is still to be deleted. */
export class ChunkList {
  #chunks: Chunk[] = [];
  #garbage: Chunk[] = [];
  #bytes = 0;

  get length(): number {
    return this.#chunks.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get oldest(): Chunk | undefined {
    return this.#chunks[0];
  }

  get all(): readonly Chunk[] {
    return this.#chunks;
  }

  /** Removed from the list, but perhaps on the disk. */
  get garbage(): readonly Chunk[] {
    return this.#garbage;
  }

  push(chunk: Chunk): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.bytes;
  }

  discard(chunk: Chunk): void {
    this.#garbage.push(chunk);
  }

  discarded(removed: ReadonlySet<Chunk>): void {
    this.#garbage = this.#garbage.filter((chunk) => !removed.has(chunk));
  }

  /** The chunk with this point, or else the first one after it. */
  atOrAfter(number: number): Chunk | undefined {
    let [low, high] = [0, this.#chunks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (endOf(this.#chunks[middle]!) <= number) low = middle + 1;
      else high = middle;
    }
    return this.#chunks[low];
  }

  /** Gives up chunks that end at or before this number. */
  releaseBefore(number: number): void {
    let count = 0;
    while (count < this.#chunks.length && endOf(this.#chunks[count]!) <= number) count++;
    if (count > 0) this.#release(0, count);
  }

  /** Gives up chunks from number `from` on that end at or before `to`. */
  releaseBetween(from: number, to: number): void {
    const first = this.#chunks.findIndex((chunk) => chunk.first >= from);
    if (first < 0) return;
    let end = first;
    while (end < this.#chunks.length && endOf(this.#chunks[end]!) <= to) end++;
    if (end > first) this.#release(first, end - first);
  }

  /** `by` holds all that these hold, some of which may be gone meanwhile. */
  replace(members: readonly Chunk[], by: Chunk): void {
    const from = this.#chunks.findIndex((chunk) => members.includes(chunk));
    if (from < 0) {
      this.discard(by);
      return;
    }
    const left = this.#chunks.filter((chunk) => members.includes(chunk));
    this.#chunks.splice(from, left.length, by);
    this.#bytes += by.bytes - left.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  #release(from: number, count: number): void {
    for (const chunk of this.#chunks.splice(from, count)) {
      this.#bytes -= chunk.bytes;
      this.#garbage.push(chunk);
    }
  }
}
