/** Looks at counts that only grow, and says how fast they have grown lately. */

interface Mark {
  readonly atMs: number;
  readonly counts: readonly number[];
}

export class Rates {
  readonly #overMs: number;
  /** The oldest first; the first is just beyond what is asked for. */
  readonly #marks: Mark[] = [];

  constructor(overMs: number) {
    this.#overMs = overMs;
  }

  /**
   * To be called about once a second.
   * @param atMs by a clock that never jumps
   */
  mark(atMs: number, counts: readonly number[]): void {
    this.#marks.push({ atMs, counts });
    while (this.#marks.length > 2 && this.#marks[1]!.atMs <= atMs - this.#overMs) {
      this.#marks.shift();
    }
  }

  /** [counts] A second, up to the newest mark; 0 where there is no time between two. */
  perSecond(count: number): number[] {
    const [first] = this.#marks;
    const last = this.#marks.at(-1);
    const seconds = first && last ? (last.atMs - first.atMs) / 1000 : 0;
    return Array.from({ length: count }, (_, i) =>
      seconds > 0 ? Math.max(0, last!.counts[i]! - first!.counts[i]!) / seconds : 0,
    );
  }
}
