import type { SeriesForecaster, StepReport } from './forecaster.ts';

/** A step is both of its halves. */
export abstract class Stepping implements Pick<SeriesForecaster, 'step' | 'take' | 'issue'> {
  abstract take(
    timeMs: number,
    value: number,
    companions?: ArrayLike<number>,
    ahead?: ArrayLike<number>,
  ): void;
  abstract issue(): StepReport;

  step(
    timeMs: number,
    value: number,
    companions?: ArrayLike<number>,
    ahead?: ArrayLike<number>,
  ): StepReport {
    this.take(timeMs, value, companions, ahead);
    return this.issue();
  }
}
