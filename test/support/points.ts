import type { LeadScore, SeriesPoints, SymbolPoints } from '../../src/store/points.ts';

export const STEP_MS = 60_000;
/** 2024-01-01T00:00:00Z */
export const START_MS = 1_704_067_200_000;

/** One step with a forecast of `horizon` leads and a score of lead 1; `over` replaces any part. */
export function seriesPoints(over: Partial<SeriesPoints> = {}, horizon = 2): SeriesPoints {
  const issuedMs = over.issuedMs ?? START_MS;
  const cells = (make: (lead: number) => number): Float64Array =>
    Float64Array.from({ length: horizon }, (_, i) => make(i + 1));
  return {
    stream: 'plant',
    series: 'boiler/temperature',
    issuedMs,
    actual: 20.5,
    targetMs: cells((lead) => issuedMs + lead * STEP_MS),
    mean: cells((lead) => 20 + lead),
    lower: cells((lead) => 19 + lead),
    upper: cells((lead) => 21 + lead),
    inner: [],
    anomaly: Number.NaN,
    change: 0,
    scores: [leadScore()],
    ...over,
  };
}

/** A step of a series of symbols: two leads, and the second of two symbols came. */
export function symbolPoints(
  names: readonly string[],
  over: Partial<SymbolPoints> = {},
): SeriesPoints {
  const nothing = new Float64Array(0);
  const odds = Float64Array.of(0.25, 0.75, 0.5, 0.5);
  const scores = [{ lead: 1, probability: 0.5, logLoss: Math.log(2), hit: true, skill: 0.25 }];
  const symbols = { names, actual: 1, probability: odds, scores, ...over };
  const numbers = { actual: Number.NaN, mean: nothing, lower: nothing, upper: nothing, scores: [] };
  return seriesPoints({ ...numbers, symbols });
}

export function leadScore(over: Partial<LeadScore> = {}): LeadScore {
  const errors = { forecast: 21, actual: 20.5, error: 0.5, naiveError: -1 };
  return { lead: 1, ...errors, covered: true, coverage: 0.9, inner: [], skill: 0.25, ...over };
}
