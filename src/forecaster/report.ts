/** What a forecaster fills step by step and hands out. */
import type { ScoredInterval, ScoredLead, StepReport } from './forecaster.ts';

export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export type MutableScore = Mutable<Omit<ScoredLead, 'intervals'>> & {
  readonly intervals: readonly Mutable<ScoredInterval>[];
};

/** Levels of coverage in the order in which intervals are kept. */
export function widestFirst(coverage: number | readonly number[]): number[] {
  return [...new Set([coverage].flat())].sort((a, b) => b - a);
}

export function createScores(horizon: number, levels: number): MutableScore[] {
  return Array.from({ length: horizon }, (_, i) => ({
    lead: i + 1,
    forecast: 0,
    naiveError: 0,
    skill: 0,
    intervals: Array.from({ length: levels }, () => {
      return { lower: 0, upper: 0, covered: false, coverage: 0 };
    }),
  }));
}

/**
 * @param coverages nominal, the widest interval first
 * @param scores where those of the newest step are put
 */
export function createReport(
  horizon: number,
  coverages: readonly number[],
  scores: readonly ScoredLead[],
): Mutable<StepReport> {
  const intervals = coverages.map((coverage) => ({
    coverage,
    lower: new Float64Array(horizon),
    upper: new Float64Array(horizon),
  }));
  const { lower, upper } = intervals[0]!;
  return {
    issued: false,
    mean: new Float64Array(horizon),
    lower,
    upper,
    intervals,
    scores,
    anomaly: Number.NaN,
    change: 0,
    changeKind: undefined,
  };
}
