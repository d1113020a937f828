import { LaneReader } from './lane-reader.ts';
import type { Outbox, OutboxReader, WhenFull } from './outbox.ts';
import { PointQueue } from './point-queue.ts';
import type { SeriesPoints } from './points.ts';

export interface MemoryOutboxOptions {
  /** Most points that wait for any one reader. */
  readonly pointsMax: number;
  /** `wait`: whoever puts must look at `full`; what is put all the same is kept. */
  readonly whenFull?: WhenFull;
  /** A reader has moved on: there may be room again. */
  readonly onAdvance?: () => void;
}

/**
 * An outbox that lasts as long as the process. Points are kept until the slowest reader has them;
 * a reader that is `pointsMax` behind loses its oldest, exactly counted.
 */
export class MemoryOutbox implements Outbox {
  readonly #options: MemoryOutboxOptions;
  readonly #readers = new Map<string, LaneReader>();
  readonly #queue = new PointQueue();

  constructor(options: MemoryOutboxOptions) {
    this.#options = options;
  }

  get depth(): number {
    let depth = 0;
    for (const reader of this.#readers.values()) depth = Math.max(depth, reader.depth);
    return depth;
  }

  get full(): boolean {
    const { whenFull, pointsMax } = this.#options;
    return whenFull === 'wait' && this.depth >= pointsMax;
  }

  put(points: readonly SeriesPoints[], _through: number): void {
    const queue = this.#queue;
    queue.push(points);
    if (this.#options.whenFull !== 'wait') {
      const oldest = queue.end - this.#options.pointsMax;
      for (const reader of this.#readers.values()) reader.dropBefore(oldest);
    }
    this.#trim();
  }

  reader(sink: string): OutboxReader {
    const existing = this.#readers.get(sink);
    if (existing) return existing;
    const queue = this.#queue;
    const source = {
      get end() {
        return queue.end;
      },
      read: (from: number, to: number) => ({ first: from, points: queue.slice(from, to) }),
      moved: () => {
        this.#trim();
        this.#options.onAdvance?.();
      },
    };
    const reader = new LaneReader(source, queue.end);
    this.#readers.set(sink, reader);
    return reader;
  }

  /** Gives up what every reader has had. */
  #trim(): void {
    let needed = this.#queue.end;
    for (const reader of this.#readers.values()) needed = Math.min(needed, reader.position);
    this.#queue.dropBefore(needed);
  }
}
