import type { SeriesPoints } from '../store/points.ts';

/**
 * The batch without the forecasts that it overwrites itself: a later step of the same series speaks
 * for the same moments again. What the database holds in the end is the same; after an outage it
 * takes a fraction of the writing.
 */
export function withoutSuperseded(batch: readonly SeriesPoints[]): SeriesPoints[] {
  /** By series: first target of the step after. */
  const nextTargetMs = new Map<string, number>();
  return batch
    .toReversed()
    .map((points) => {
      const firstMs = points.targetMs[0];
      if (firstMs === undefined) return points;
      const nextMs = nextTargetMs.get(points.series);
      nextTargetMs.set(points.series, firstMs);
      // A step that comes again with the same time (a restart of the grid) is left as it is.
      return nextMs === undefined || nextMs <= firstMs ? points : firstTargets(points, nextMs);
    })
    .reverse();
}

/** The forecasts for moments before `endMs`. */
function firstTargets(points: SeriesPoints, endMs: number): SeriesPoints {
  const count = points.targetMs.findIndex((timeMs) => timeMs >= endMs);
  if (count < 0) return points;
  return {
    ...points,
    targetMs: points.targetMs.subarray(0, count),
    mean: points.mean.subarray(0, count),
    lower: points.lower.subarray(0, count),
    upper: points.upper.subarray(0, count),
  };
}
