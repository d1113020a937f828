import type { Cell, RecurrentEngine, TrainSettings } from '../recurrent/engine.ts';
import type { ChangeKind } from './change-detector.ts';

export interface RecurrentSettings extends TrainSettings {
  readonly cell: Cell;
  readonly hidden: number;
  readonly layers: number;
  /** k1: steps between updates; more in proportion where the horizon stretches the window past 2 k2. */
  readonly updateSteps: number;
  /** k2: steps an update goes back; at least to the issue of the longest lead that is now known. */
  readonly windowSteps: number;
  /** Weights to start with in place of random ones, in canonical order. */
  readonly initialWeights?: Float64Array;
}

/** How much work a step may be: which experts there are. */
export type Effort = 'simple' | 'low' | 'balanced';

/** How one series is forecast. */
export interface ForecasterSettings {
  readonly horizon: number;
  /** Season lengths in steps, ascending; may be empty. Above SEASON_STEPS_MAX they are left out. */
  readonly seasonSteps: readonly number[];
  /** Nominal share of values inside the interval, e.g. 0.9. */
  readonly coverage: number;
  /** Step period, ms (calendar features). */
  readonly everyMs: number;
  /** undefined: no network for this series. */
  readonly recurrent: RecurrentSettings | undefined;
  readonly seed: number;
  /** Which experts there are beside the simple ones and the network. Default: simple. */
  readonly effort?: Effort;
  /** Other values that come with each step: further channels, covariates. Default: 0. */
  readonly companions?: number;
}

/** One scored lead: errors are forecast − actual, skill is 1 − mean |error| ÷ mean |naive error|. */
export interface ScoredLead {
  readonly lead: number;
  readonly forecast: number;
  readonly lower: number;
  readonly upper: number;
  readonly naiveError: number;
  readonly skill: number;
}

/** What one step gave. The arrays belong to the forecaster and hold until its next step. */
export interface StepReport {
  /** Whether a forecast was made: false until the series has a value. */
  readonly issued: boolean;
  readonly mean: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** Every lead whose forecast had this step as its target, and a value came. */
  readonly scores: readonly ScoredLead[];
  /**
   * How strange this step is, in [0, 1], on one scale for every series: 0 for nothing to tell, one
   * number an event. NaN at gaps, and where no anomalies are searched for (effort simple).
   */
  readonly anomaly: number;
  /** Strength in (0, 1] of a change of the one-step errors that is sure by this step; 0: none. */
  readonly change: number;
  /** How they have changed; undefined where `change` is 0. */
  readonly changeKind: ChangeKind | undefined;
}

/** One series: forecast, score, learn. */
export interface SeriesForecaster {
  /**
   * The next step of the grid has closed. Scores what was forecast for it, learns, and forecasts.
   * @param timeMs start of the step, ms since the epoch
   * @param value NaN for a gap; what is not within ±VALUE_MAX counts as one
   * @param companions their values at this step, NaN where missing
   */
  step(timeMs: number, value: number, companions?: ArrayLike<number>): StepReport;
  /** A gap longer than the limit: windows and state start anew, weights and scales stay. */
  restart(): void;
  /** Forecasts of experts put aside so far, as no credible numbers. */
  readonly putAside: number;
  /** The present weight of each expert at a lead (1-based). */
  weights(lead: number): { readonly expert: string; readonly weight: number }[];
  save(): Uint8Array;
  /** @throws Error when the bytes are of other settings or damaged; the forecaster is then void. */
  load(bytes: Uint8Array): void;
}

export type ForecasterFactory = (
  settings: ForecasterSettings,
  engine: RecurrentEngine,
) => SeriesForecaster;
