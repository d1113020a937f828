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

/** All NaN: begun with whole numbers, each of them would be a new object at every step. */
export function createScores(horizon: number, levels: number): MutableScore[] {
  const unknown = Number.NaN;
  return Array.from({ length: horizon }, (_, i) => ({
    lead: i + 1,
    forecast: unknown,
    naiveError: unknown,
    skill: unknown,
    intervals: Array.from({ length: levels }, () => {
      return { lower: unknown, upper: unknown, covered: false, coverage: unknown };
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
