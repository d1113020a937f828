/** What a chart draws of a series: past and future on one axis of times. */
import type { SeriesHistory } from '../observe/monitor.ts';
import type { Columns } from './time-chart.ts';

/** Places of the columns; after them two for each band, upper and lower, the widest first. */
export const ACTUAL = 1;
export const FORECAST = 2;
export const UPPER = 3;
export const LOWER = 4;
export const AHEAD = 5;
export const BANDS = 6;

/** Times in seconds, rising; the future begins at the last value, as a fan. */
export function seriesColumns(history: SeriesHistory): Columns {
  const { timeMs, actual, forecast, upper, lower, future } = history;
  const all = chartTimes(history);
  const place = new Map(all.map((ms, i) => [ms, i]));
  const column = (times: readonly number[], values: readonly (number | null)[]) =>
    spread(all, times, values);
  const root = fanRoot(history, place);
  const fan = (values: readonly number[]): (number | null)[] => {
    const out = column(future.targetMs, values);
    if (root) out[root.place] = root.value;
    return out;
  };
  return [
    all.map((ms) => ms / 1_000),
    ...[actual, forecast, upper, lower].map((values) => column(timeMs, values)),
    fan(future.mean),
    ...future.bands.flatMap((band) => [fan(band.upper), fan(band.lower)]),
  ];
}

/** Past and future, and a place without values where steps are missing: no line leads over it. */
export function chartTimes({ timeMs, future, everyMs }: SeriesHistory): number[] {
  const all = [...new Set([...timeMs, ...future.targetMs])].sort((a, b) => a - b);
  if (everyMs === null) return all;
  return all.flatMap((ms, i) => {
    const isJoined = i === 0 || ms - all[i - 1]! < 1.5 * everyMs;
    return isJoined ? [ms] : [all[i - 1]! + everyMs, ms];
  });
}

/** Values at some of the times, as a column over all of them. */
export function spread(
  all: readonly number[],
  times: readonly number[],
  values: readonly (number | null)[],
): (number | null)[] {
  const known = new Map(times.map((ms, i) => [ms, values[i] ?? null]));
  return all.map((ms) => known.get(ms) ?? null);
}

function fanRoot(
  { timeMs, actual, future }: SeriesHistory,
  place: ReadonlyMap<number, number>,
): { readonly place: number; readonly value: number } | null {
  if (future.targetMs.length === 0 || future.issuedMs === null) return null;
  const at = timeMs.indexOf(future.issuedMs);
  const value = actual[at] ?? null;
  return value === null ? null : { place: place.get(future.issuedMs)!, value };
}

/** So much of the past that the future takes a good part of the width. */
export function homeRange(
  times: readonly number[],
  horizon: number,
  wide: boolean,
): [from: number, to: number] {
  const shown = Math.max(wide ? 120 : 48, (wide ? 5 : 3) * horizon);
  return [times[Math.max(0, times.length - 1 - shown)]!, times.at(-1)!];
}
