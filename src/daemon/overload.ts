/**
 * Overload: samples come faster than they can be learned. Forecasts are kept and learning is thinned:
 * networks learn at every 2nd, 4th … of their updates only, until the core keeps up again.
 *
 *     shut for more than half of 5 s → factor × 2        ease for 30 s → factor ÷ 2
 *
 * What is decided here from clocks goes through the journal, so that a replay does the same.
 */

export const THIN_FACTOR_MAX = 16;
/** The newest time that counts, and the share of it in which the core was too slow. */
const BUSY_MS = 5_000;
const BUSY_SHARE = 0.5;
/** Ease: too slow for less than this share, for so long. */
const EASE_SHARE = 0.1;
const EASE_MS = 30_000;
/** Where the core was busy again soon after learning was eased, the next try waits twice as long. */
const EASE_MS_MAX = 8 * EASE_MS;
const SOON_MS = 60_000;

export class OverloadControl {
  #factor: number;
  /** When the present stretch of overload or of ease began, and what was in it. */
  #busySinceMs: number | undefined;
  #busyMs = 0;
  #easedSinceMs: number | undefined;
  #easeMs = EASE_MS;
  #lastMs: number | undefined;
  #loweredMs = Number.NEGATIVE_INFINITY;

  /** @param factor in force at the start, e.g. as the journal has it */
  constructor(factor = 1) {
    this.#factor = factor;
  }

  get factor(): number {
    return this.#factor;
  }

  /** All is learned in full again. @returns whether it was not */
  reset(): boolean {
    const wasThinned = this.#factor > 1;
    this.#factor = 1;
    return wasThinned;
  }

  /**
   * To be called about once a second.
   * @param nowMs of a clock that never jumps
   * @param share of the time since the last call in which the core was too slow, 0…1
   * @returns the new factor where it changes
   */
  update(nowMs: number, share: number): number | undefined {
    const sinceMs = this.#lastMs === undefined ? 0 : Math.max(0, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
    return this.#rise(nowMs, sinceMs, share) ?? this.#fall(nowMs, sinceMs, share);
  }

  #rise(nowMs: number, sinceMs: number, share: number): number | undefined {
    this.#busySinceMs ??= nowMs - sinceMs;
    this.#busyMs += share * sinceMs;
    const spanMs = nowMs - this.#busySinceMs;
    if (spanMs < BUSY_MS) return undefined;
    const busy = this.#busyMs > BUSY_SHARE * spanMs;
    // The next stretch shows what the change has brought.
    this.#busySinceMs = nowMs;
    this.#busyMs = 0;
    if (!busy || this.#factor >= THIN_FACTOR_MAX) return undefined;
    const soon = nowMs - this.#loweredMs < SOON_MS;
    this.#easeMs = soon ? Math.min(EASE_MS_MAX, 2 * this.#easeMs) : EASE_MS;
    this.#easedSinceMs = undefined;
    this.#factor = Math.min(THIN_FACTOR_MAX, 2 * this.#factor);
    return this.#factor;
  }

  #fall(nowMs: number, sinceMs: number, share: number): number | undefined {
    if (share >= EASE_SHARE || this.#factor === 1) {
      this.#easedSinceMs = undefined;
      return undefined;
    }
    this.#easedSinceMs ??= nowMs - sinceMs;
    if (nowMs - this.#easedSinceMs < this.#easeMs) return undefined;
    this.#easedSinceMs = nowMs;
    this.#loweredMs = nowMs;
    this.#factor = Math.max(1, this.#factor / 2);
    return this.#factor;
  }
}

/** For the log. */
export function describeThinning(factor: number): string {
  if (factor === 1) return 'samples are learned in full again';
  const nth = factor === 2 ? '2nd' : `${factor}th`;
  return `samples come faster than they can be learned: learning thinned to every ${nth} update; forecasts go on`;
}
