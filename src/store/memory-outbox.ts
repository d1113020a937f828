import type { Outbox, OutboxLimits, OutboxReader, WhenFull } from './outbox.ts';
import { PointQueue } from './point-queue.ts';
import type { SeriesPoints } from './points.ts';
import { ReaderSet } from './reader-set.ts';

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
  #options: MemoryOutboxOptions;
  readonly #queue = new PointQueue();
  readonly #readers: ReaderSet;

  constructor(options: MemoryOutboxOptions) {
    const queue = this.#queue;
    this.#options = options;
    this.#readers = new ReaderSet({
      get end() {
        return queue.end;
      },
      read: (from: number, to: number) => ({ first: from, points: queue.slice(from, to) }),
      moved: () => this.#moved(),
    });
  }

  get depth(): number {
    return this.#readers.depth;
  }

  get full(): boolean {
    const { whenFull, pointsMax } = this.#options;
    return whenFull === 'wait' && this.depth >= pointsMax;
  }

  put(points: readonly SeriesPoints[], _through?: number): void {
    const queue = this.#queue;
    const { whenFull, pointsMax } = this.#options;
    queue.push(points);
    if (whenFull !== 'wait') this.#readers.dropBefore(queue.end - pointsMax);
    queue.dropBefore(this.#readers.position);
  }

  reader(sink: string): OutboxReader {
    return this.#readers.get(sink);
  }

  forget(sink: string): void {
    this.#readers.remove(sink);
    this.#moved();
  }

  setLimits({ pointsMax, whenFull }: OutboxLimits): void {
    this.#options = { ...this.#options, pointsMax, whenFull };
    this.put([]);
    this.#options.onAdvance?.();
  }

  #moved(): void {
    this.#queue.dropBefore(this.#readers.position);
    this.#options.onAdvance?.();
  }
}
