/**
 * A part of the outbox that one reader takes in order. A reader has one lane, or several after
 * outages: the last is open, and has what is put from its `from` on.
 */
import { firstTargets } from './first-targets.ts';
import type { SeriesPoints } from './points.ts';

export interface Lane {
  readonly from: number;
  /** What lies before it, from `from` on, is written. */
  position: number;
  /** The lane ends before this number; Infinity: it is the last. */
  to: number;
  /** Of what is written; undefined: to be found from the points themselves, after a restart. */
  covered: Covered | undefined;
}

/**
 * From which target on a lane's forecasts have been written, series by series. A series' targets
 * follow its grid and each step's overlap the last one's, so one number a series says which there are.
 */
export class Covered {
  readonly #fromMs = new Map<string, number>();

  add(batch: readonly SeriesPoints[]): void {
    for (const { series, targetMs } of batch) {
      const first = targetMs[0];
      if (first === undefined || first >= this.from(series)) continue;
      this.#fromMs.set(series, first);
    }
  }

  /** Infinity: no forecast of the series was written. */
  from(series: string): number {
    return this.#fromMs.get(series) ?? Number.POSITIVE_INFINITY;
  }
}

/** The batch without the forecasts that are overwritten already by what is newer. */
export function uncovered(
  batch: readonly SeriesPoints[],
  newer: readonly Covered[],
): readonly SeriesPoints[] {
  if (newer.length === 0) return batch;
  return batch.map((points) => {
    let fromMs = Number.POSITIVE_INFINITY;
    for (const covered of newer) fromMs = Math.min(fromMs, covered.from(points.series));
    const count = points.targetMs.findIndex((targetMs) => targetMs >= fromMs);
    return count < 0 ? points : firstTargets(points, count);
  });
}
