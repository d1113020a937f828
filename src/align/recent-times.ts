const CAPACITY = 64;

/** The event times of the newest samples that were taken, to tell a repeated one from a late one. */
export class RecentTimes {
  readonly #timeMs = new Float64Array(CAPACITY).fill(Number.NaN);
  #next = 0;

  has(timeMs: number): boolean {
    return this.#timeMs.includes(timeMs);
  }

  add(timeMs: number): void {
    this.#timeMs[this.#next] = timeMs;
    this.#next = (this.#next + 1) % CAPACITY;
  }

  clear(): void {
    this.#timeMs.fill(Number.NaN);
  }
}
