/**
 * Waits between attempts: double each time up to a longest one, each with jitter (between half and
 * all of it), so that clients cut off together do not come back together.
 */
export class Backoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #attempt = 0;

  constructor(minMs: number, maxMs: number, random: () => number = Math.random) {
    this.#minMs = minMs;
    this.#maxMs = maxMs;
    this.#random = random;
  }

  nextMs(): number {
    const wait = Math.min(this.#maxMs, this.#minMs * 2 ** this.#attempt);
    if (wait < this.#maxMs) this.#attempt++;
    return wait * (0.5 + 0.5 * this.#random());
  }

  reset(): void {
    this.#attempt = 0;
  }
}
