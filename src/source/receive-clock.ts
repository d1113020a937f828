/** Smallest step between two receive times, ms; a double holds it until the year 2255. */
const STEP_MS = 0.001;

/** Receive times of one source: strictly increasing, whatever the clock or the recording says. */
export class ReceiveClock {
  #lastMs = Number.NEGATIVE_INFINITY;

  /** This moment, on the same scale as `performance.now()`: it does not follow clock steps. */
  now(): number {
    return this.at(performance.timeOrigin + performance.now());
  }

  /** `timeMs`, or a little after the last time given out, if that is later. */
  at(timeMs: number): number {
    this.#lastMs = Math.max(timeMs, this.#lastMs + STEP_MS);
    return this.#lastMs;
  }

  /** For a message of unknown receive time: right after the one before, 0 at the start. */
  next(): number {
    return this.at(this.#lastMs === Number.NEGATIVE_INFINITY ? 0 : this.#lastMs);
  }
}
