import type { Outbox, OutboxReader } from './outbox.ts';
import type { SeriesPoints } from './points.ts';

/**
 * An outbox that lasts as long as the process. Points are kept until the slowest reader has them;
 * a reader that is `pointsMax` behind loses its oldest, exactly counted.
 */
export class MemoryOutbox implements Outbox {
  readonly #pointsMax: number;
  readonly #onAdvance: () => void;
  readonly #readers = new Map<string, Reader>();
  /** A queue: `#points[#head]` has the number `#first`. */
  #points: SeriesPoints[] = [];
  #head = 0;
  #first = 0;

  /** @param onAdvance a reader has moved on: there may be room again */
  constructor(pointsMax: number, onAdvance: () => void = () => {}) {
    this.#pointsMax = pointsMax;
    this.#onAdvance = onAdvance;
  }

  get depth(): number {
    let depth = 0;
    for (const reader of this.#readers.values()) depth = Math.max(depth, reader.depth);
    return depth;
  }

  put(points: readonly SeriesPoints[], _through: number): void {
    if (this.#readers.size === 0) {
      this.#first += points.length;
      return;
    }
    for (const point of points) this.#points.push(point);
    const oldest = this.#end() - this.#pointsMax;
    for (const reader of this.#readers.values()) reader.dropBefore(oldest);
    this.#trim();
  }

  reader(sink: string): OutboxReader {
    const existing = this.#readers.get(sink);
    if (existing) return existing;
    const reader = new Reader(this.#end(), {
      end: () => this.#end(),
      slice: (from, count) => {
        const at = this.#head + from - this.#first;
        return this.#points.slice(at, at + count);
      },
      moved: () => {
        this.#trim();
        this.#onAdvance();
      },
    });
    this.#readers.set(sink, reader);
    return reader;
  }

  #end(): number {
    return this.#first + this.#points.length - this.#head;
  }

  /** Gives up what every reader has had. */
  #trim(): void {
    let needed = this.#end();
    for (const reader of this.#readers.values()) needed = Math.min(needed, reader.position);
    this.#head += needed - this.#first;
    this.#first = needed;
    // Compacted when half of it is waste, so that a step costs the same however long the queue.
    if (this.#head * 2 > this.#points.length) {
      this.#points = this.#points.slice(this.#head);
      this.#head = 0;
    }
  }
}

interface Queue {
  end(): number;
  slice(from: number, count: number): readonly SeriesPoints[];
  moved(): void;
}

class Reader implements OutboxReader {
  readonly #queue: Queue;
  #position: number;
  #dropped = 0;
  /** End of the newest peek: what of it was dropped meanwhile is not to be skipped twice. */
  #peeked = 0;

  constructor(position: number, queue: Queue) {
    this.#position = position;
    this.#peeked = position;
    this.#queue = queue;
  }

  get position(): number {
    return this.#position;
  }

  get depth(): number {
    return this.#queue.end() - this.#position;
  }

  get dropped(): number {
    return this.#dropped;
  }

  peek(limit: number): readonly SeriesPoints[] {
    this.#peeked = this.#position;
    return this.#queue.slice(this.#position, Math.min(limit, this.depth));
  }

  advance(count: number): void {
    const to = this.#peeked + count;
    if (to > this.#queue.end())
      throw new Error(`outbox: advanced past the end by ${to - this.#queue.end()}`);
    // Dropped while they were being written: written after all.
    if (this.#position > this.#peeked) {
      this.#dropped -= Math.min(this.#position, to) - this.#peeked;
    }
    this.#position = Math.max(this.#position, to);
    this.#peeked = to;
    this.#queue.moved();
  }

  dropBefore(position: number): void {
    if (position <= this.#position) return;
    this.#dropped += position - this.#position;
    this.#position = position;
  }
}
