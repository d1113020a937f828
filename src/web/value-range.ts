/** What is seen of the values: all that came and was forecast, and as much of the intervals as fits. */
import { ACTUAL, AHEAD, FORECAST } from './series-columns.ts';

/** An interval of the first steps may be a hundred times as wide as anything that comes: it is cut. */
const BEYOND = 1.5;

/**
 * @param from first place that is seen
 * @param to last place that is seen
 * @returns undefined: there is nothing, or it does not vary
 */
export function linesRange(
  columns: readonly (readonly (number | null | undefined)[])[],
  from: number,
  to: number,
): readonly [lowest: number, highest: number] | undefined {
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const name of [ACTUAL, FORECAST, AHEAD]) {
    for (const value of columns[name]?.slice(from, to + 1) ?? []) {
      if (value === null || value === undefined) continue;
      lowest = Math.min(lowest, value);
      highest = Math.max(highest, value);
    }
  }
  return highest > lowest ? [lowest, highest] : undefined;
}

/** @param all of what is seen, intervals too */
export function valueRange(
  all: readonly [lowest: number, highest: number],
  lines: readonly [lowest: number, highest: number] | undefined,
): [lowest: number, highest: number] {
  if (!lines) return [...all];
  const room = BEYOND * (lines[1] - lines[0]);
  return [Math.max(all[0], lines[0] - room), Math.min(all[1], lines[1] + room)];
}
