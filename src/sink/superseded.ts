import type { SeriesPoints, SymbolPoints } from '../store/points.ts';

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

function firstTargets(points: SeriesPoints, count: number): SeriesPoints {
  if (count === points.targetMs.length) return points;
  return {
    ...points,
    targetMs: points.targetMs.subarray(0, count),
    mean: points.mean.subarray(0, count),
    lower: points.lower.subarray(0, count),
    upper: points.upper.subarray(0, count),
    inner: points.inner.map(({ coverage, lower, upper }) => ({
      coverage,
      lower: lower.subarray(0, count),
      upper: upper.subarray(0, count),
    })),
    ...(points.symbols ? { symbols: firstOdds(points.symbols, count) } : {}),
  };
}

function firstOdds(symbols: SymbolPoints, count: number): SymbolPoints {
  return { ...symbols, probability: symbols.probability.subarray(0, count * symbols.names.length) };
}
