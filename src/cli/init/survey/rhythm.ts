/** How often a topic speaks. */
import { judgeCadence } from '../../../align/cadence.ts';

/** Fewer times say little about a period. */
export const TIMES_MIN = 5;

const GAPS_SHARE = 0.1;
const ROUND_SHARE = 0.02;

export interface Rhythm {
  readonly everyMs: number;
  /** Each step has one sample; else several, or now and then. */
  readonly isRegular: boolean;
  /** Nine of ten distances between messages are within this of the period, ms. */
  readonly jitterMs: number;
}

/**
 * @param timesMs in any order
 * @param receiveTime whether they are times of arrival
 * @returns undefined where there are too few of them
 */
export function rhythmOf(timesMs: readonly number[], receiveTime: boolean): Rhythm | undefined {
  const times = [...new Set(timesMs)].sort((a, b) => a - b);
  if (times.length < TIMES_MIN) return undefined;
  const { grid, mode } = judgeCadence(times, {
    every: undefined,
    aggregate: 'auto',
    latenessMs: 0,
    gapStepsMax: 1_000,
    aheadStepsMax: 60,
    receiveTime,
  });
  const isRegular = mode === 'none';
  const everyMs = isRegular ? steadyPeriodMs(grid.everyMs, times) : grid.everyMs;
  const off = times.slice(1).map((time, i) => Math.abs(time - times[i]! - everyMs));
  off.sort((a, b) => a - b);
  const jitterMs = Math.round(off[Math.floor(0.9 * (off.length - 1))]!);
  return { everyMs, isRegular, jitterMs };
}

/**
 * A grid that is a little too long or short wanders away from the messages. The mean distance tells
 * the period better than a middle one, and two digits of it are what people choose.
 */
function steadyPeriodMs(middleMs: number, times: readonly number[]): number {
  const meanMs = (times.at(-1)! - times[0]!) / (times.length - 1);
  // Messages are missing, or came twice.
  if (Math.abs(meanMs - middleMs) > GAPS_SHARE * middleMs) return middleMs;
  const digit = 10 ** Math.max(0, Math.floor(Math.log10(meanMs)) - 1);
  const round = digit * Math.round(meanMs / digit);
  if (Math.abs(meanMs - middleMs) <= Math.abs(meanMs - round)) return middleMs;
  return Math.abs(meanMs - round) <= ROUND_SHARE * meanMs ? round : Math.round(meanMs);
}

/** How far behind the newest stamp others came, at most, ms. */
export function disorderMs(stampsMs: readonly number[]): number {
  let newest = Number.NEGATIVE_INFINITY;
  let most = 0;
  for (const stamp of stampsMs) {
    newest = Math.max(newest, stamp);
    most = Math.max(most, newest - stamp);
  }
  return most;
}
