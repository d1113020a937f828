import type { SeriesPoints } from './points.ts';

/** The points with the first `count` leads of their forecast. */
export function firstTargets(points: SeriesPoints, count: number): SeriesPoints {
  if (count === points.targetMs.length) return points;
  const { symbols } = points;
  const cut = (values: Float64Array): Float64Array => values.subarray(0, count);
  return {
    ...points,
    targetMs: cut(points.targetMs),
    mean: cut(points.mean),
    lower: cut(points.lower),
    upper: cut(points.upper),
    inner: points.inner.map(({ coverage, lower, upper }) => {
      return { coverage, lower: cut(lower), upper: cut(upper) };
    }),
    ...(symbols && {
      symbols: {
        ...symbols,
        probability: symbols.probability.subarray(0, count * symbols.names.length),
      },
    }),
  };
}
