import type { SeriesPoints } from './points.ts';

/** Points in memory, numbered one by one; the oldest are given up first. */
export class PointQueue {
  /** `#points[#head]` has the number `#first`. */
  #points: SeriesPoints[] = [];
  #head = 0;
  #first: number;

  constructor(first = 0) {
    this.#first = first;
  }

  /** Number of the oldest point. */
  get first(): number {
    return this.#first;
  }

  /** Number of the point that will be put next. */
  get end(): number {
    return this.#first + this.length;
  }

  get length(): number {
    return this.#points.length - this.#head;
  }

  push(points: readonly SeriesPoints[]): void {
    for (const point of points) this.#points.push(point);
  }

  at(number: number): SeriesPoints {
    return this.#points[this.#head + number - this.#first]!;
  }

  /** Points from number `from` to before `to`, which must all be here. */
  slice(from: number, to: number): SeriesPoints[] {
    const offset = this.#head - this.#first;
    return this.#points.slice(from + offset, to + offset);
  }

  /** Gives up all points before this number; it may lie beyond the end. */
  dropBefore(number: number): void {
    if (number <= this.#first) return;
    this.#head = Math.min(this.#head + number - this.#first, this.#points.length);
    this.#first = number;
    // Compacted when half of it is waste, so that a step costs the same however long the queue.
    if (this.#head * 2 > this.#points.length) {
      this.#points = this.#points.slice(this.#head);
      this.#head = 0;
    }
  }
}
