/**
 * What one closed step of one series gives the outside world: the outbox holds these, and every
 * sink gets every one of them. Times come from the grid alone, so writing one again overwrites it.
 */
export interface SeriesPoints {
  readonly stream: string;
  readonly series: string;
  /** The step the forecast was made at, ms since the epoch. */
  readonly issuedMs: number;
  /** The aligned value of that step; NaN for a gap. */
  readonly actual: number;
  /** One cell a lead, 1..horizon; all empty where no forecast was made (too little is known). */
  readonly targetMs: Float64Array;
  readonly mean: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** Forecasts whose target was this step, for the leads that the user wants scored. */
  readonly scores: readonly LeadScore[];
}

/** One earlier forecast against the value that came. */
export interface LeadScore {
  readonly lead: number;
  readonly forecast: number;
  readonly actual: number;
  /** forecast − actual */
  readonly error: number;
  /** The last value's error at the same lead. */
  readonly naiveError: number;
  /** Whether the interval held the value. */
  readonly covered: boolean;
  /** Lately: 1 − mean |error| ÷ mean |naive error|; above 0 is better than the last value. */
  readonly skill: number;
}
