const DAY_MS = 86_400_000;
/** Natural cycles, shortest first. */
const PERIODS_MS = [DAY_MS, 7 * DAY_MS, 365.2425 * DAY_MS];
/** A cycle of fewer steps is no cycle; one of more changes too little over a forecast to help. */
const STEPS_MIN = 4;
const STEPS_MAX = 1_440;

/** The natural cycles that a grid of `everyMs` resolves; empty where there is none. */
export function calendarPeriodsMs(everyMs: number): number[] {
  return PERIODS_MS.filter((period) => {
    const steps = period / everyMs;
    return steps >= STEPS_MIN && steps <= STEPS_MAX;
  });
}

/** Position in the cycle, in radians. */
export function calendarPhase(timeMs: number, periodMs: number): number {
  return (2 * Math.PI * (timeMs % periodMs)) / periodMs;
}
