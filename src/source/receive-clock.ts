/** Smallest step between two receive times, ms; a double holds it until the year 2255. */
const STEP_MS = 0.001;

/** A wall clock further ahead than this was set right, not disciplined. */
const SET_MS_MIN = 1_000;
let setAheadMs = 0;

/**
 * The time of arrival, now. It never runs backwards: it follows `performance.now()`, and the wall
 * clock only where that is set ahead (a gateway without a clock of its own, a suspended machine).
 */
export function receiveNowMs(): number {
  const steadyMs = performance.timeOrigin + performance.now();
  const aheadMs = Date.now() - steadyMs - setAheadMs;
  if (aheadMs > SET_MS_MIN) setAheadMs += aheadMs;
  return steadyMs + setAheadMs;
}

/** Receive times of one source: strictly increasing, whatever the clock or the recording says. */
export class ReceiveClock {
  #lastMs = Number.NEGATIVE_INFINITY;

  /** This moment. */
  now(): number {
    return this.at(receiveNowMs());
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
