/** Smallest step between two receive times, ms; a double holds it until the year 2255. */
const STEP_MS = 0.001;
/** Further from the steady clock than this, the wall clock was set; less is its discipline. */
const SET_MS_MIN = 1_000;
/** Set back by no more than this, it is waited for: time goes on, but slower. */
export const SET_BACK_MS_MIN = 10_000;
const SLOWDOWN = 0.05;

/**
 * The time of day, from a steady clock: it goes on evenly, whatever is done to the wall clock, and
 * follows that only where it was set: ahead at once (a gateway without a clock of its own, a suspended
 * machine), back by up to ten seconds by going slower, and further back at once. So a clock that was
 * wrong by an hour or ten years is not believed until the next start.
 */
export class TimeOfDay {
  readonly #steadyMs: () => number;
  readonly #wallMs: () => number;
  #offsetMs = 0;
  #lastSteadyMs: number;

  /** @param steadyMs never jumps, and agrees with the wall clock at first */
  constructor(steadyMs: () => number, wallMs: () => number) {
    this.#steadyMs = steadyMs;
    this.#wallMs = wallMs;
    this.#lastSteadyMs = steadyMs();
  }

  now(): number {
    const steadyMs = this.#steadyMs();
    const sinceMs = steadyMs - this.#lastSteadyMs;
    this.#lastSteadyMs = steadyMs;
    const aheadMs = this.#wallMs() - (steadyMs + this.#offsetMs);
    if (aheadMs > SET_MS_MIN || aheadMs < -SET_BACK_MS_MIN) this.#offsetMs += aheadMs;
    else if (aheadMs < -SET_MS_MIN) this.#offsetMs -= Math.min(-aheadMs, SLOWDOWN * sinceMs);
    return steadyMs + this.#offsetMs;
  }
}

const timeOfDay = new TimeOfDay(
  () => performance.timeOrigin + performance.now(),
  () => Date.now(),
);

/** The time of arrival, now. It runs backwards only where the wall clock is set back far. */
export function receiveNowMs(): number {
  return timeOfDay.now();
}

/**
 * Receive times of one source. Strictly increasing, whatever the recording says; of live messages
 * but for a wall clock that is set back by more than ten seconds.
 */
export class ReceiveClock {
  readonly #nowMs: () => number;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(nowMs: () => number = receiveNowMs) {
    this.#nowMs = nowMs;
  }

  /** This moment. */
  now(): number {
    const nowMs = this.#nowMs();
    if (nowMs < this.#lastMs - SET_BACK_MS_MIN) this.#lastMs = Number.NEGATIVE_INFINITY;
    return this.at(nowMs);
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
