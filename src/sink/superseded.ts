import { firstTargets } from '../store/first-targets.ts';
import type { SeriesPoints } from '../store/points.ts';

/**
 * The batch without the forecasts that it overwrites itself: a later step of the same series speaks
 * for the same moments again. What the database holds in the end is the same; after an outage it
 * takes a fraction of the writing.
 */
export function withoutSuperseded(batch: readonly SeriesPoints[]): SeriesPoints[] {
  /** By series: targets of the step after. */
  const next = new Map<string, Float64Array>();
  return batch
    .toReversed()
    .map((points) => {
      const { series, targetMs } = points;
      if (targetMs.length === 0) return points;
      const later = next.get(series);
      next.set(series, targetMs);
      return later ? firstTargets(points, unsuperseded(targetMs, later)) : points;
    })
    .reverse();
}

/** How many of the targets come before the later step's; all, where it does not cover the others. */
function unsuperseded(targetMs: Float64Array, later: Float64Array): number {
  const from = targetMs.indexOf(later[0]!);
  if (from < 1) return targetMs.length;
  for (let i = from; i < targetMs.length; i++) {
    if (targetMs[i] !== later[i - from]) return targetMs.length;
  }
  return from;
}
