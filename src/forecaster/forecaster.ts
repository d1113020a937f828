import type { Cell, RecurrentEngine, TrainSettings } from '../recurrent/engine.ts';
import type { ChangeKind } from './change-detector.ts';
import type { SharedNetwork } from './experts/shared-network.ts';
import type { Bounds, TransformKind } from './transform.ts';
import type { ForecasterView, LeadView } from './view.ts';

export interface RecurrentSettings extends TrainSettings {
  readonly cell: Cell;
  readonly hidden: number;
  readonly layers: number;
  /** k1: steps between updates; more in proportion where the horizon stretches the window past 2 k2. */
  readonly updateSteps: number;
  /** k2: steps an update goes back; at least to the issue of the longest lead that is now known. */
  readonly windowSteps: number;
  /** The longest season that an update may reach back over, if `windowSteps` does not. Default: 0. */
  readonly seasonStepsMax?: number;
  /** Steps at the full learning rate; then it falls as 1/steps, to a tenth. Default: it stays. */
  readonly settleSteps?: number;
  /** Weights to start with in place of random ones, in canonical order. */
  readonly initialWeights?: Float64Array;
}

/** How much work a step may be: which experts there are. */
export type Effort = 'simple' | 'low' | 'balanced' | 'high';

/** How one series is forecast. */
export interface ForecasterSettings {
  readonly horizon: number;
  /**
   * Season lengths in steps, ascending; may be empty. Above SEASON_STEPS_MAX they are left out.
   * auto: found from the series itself, up to a third of the steps that are kept for it.
   */
  readonly seasonSteps: 'auto' | readonly number[];
  /** Nominal share of values inside the interval, e.g. 0.9; several for several intervals. */
  readonly coverage: number | readonly number[];
  /** Step period, ms (calendar features). */
  readonly everyMs: number;
  /** undefined: no network for this series. */
  readonly recurrent: RecurrentSettings | undefined;
  readonly seed: number;
  /** Which experts there are beside the simple ones and the network. Default: simple. */
  readonly effort?: Effort;
  /**
   * What is left out, to see what it brings: experts by the beginnings of their names, and `change`,
   * the answer to changes. Default: nothing.
   */
  readonly without?: readonly string[];
  /** Other values that come with each step: further channels, covariates. Default: 0. */
  readonly companions?: number;
  /** Covariates whose values at the leads are known when a step closes. Default: 0. */
  readonly knownAhead?: number;
  /** Units in which the series is learned. Default: its own. */
  readonly transform?: TransformKind;
  /** What no number that leaves the forecaster may exceed. Default: none. */
  readonly bounds?: Bounds;
}

/** With seasons that are told, or found. */
export interface SeasonedSettings extends ForecasterSettings {
  readonly seasonSteps: readonly number[];
}

/** One scored lead: errors are forecast − actual, skill is 1 − mean |error| ÷ mean |naive error|. */
export interface ScoredLead {
  readonly lead: number;
  readonly forecast: number;
  readonly naiveError: number;
  readonly skill: number;
  /** One an interval, the widest first. */
  readonly intervals: readonly ScoredInterval[];
}

export interface ScoredInterval {
  readonly lower: number;
  readonly upper: number;
  readonly covered: boolean;
  /** Share of values that were inside lately, this one too. */
  readonly coverage: number;
}

/** An interval of every lead [horizon]. */
export interface Interval {
  /** Nominal share of values inside. */
  readonly coverage: number;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/** What one step gave. The arrays belong to the forecaster and hold until its next step. */
export interface StepReport {
  /** Whether a forecast was made: false until the series has a value. */
  readonly issued: boolean;
  readonly mean: Float64Array;
  /** The widest interval. */
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** All of them, the widest first. */
  readonly intervals: readonly Interval[];
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
   * @param ahead covariates known ahead, [knownAhead][1 + horizon]: at this step, then at each lead
   *   after it; NaN where not known
   */
  step(
    timeMs: number,
    value: number,
    companions?: ArrayLike<number>,
    ahead?: ArrayLike<number>,
  ): StepReport;
  /**
   * `step` in two halves, for series that share a network: all of them take the step in (scores,
   * learning), then each forecasts.
   */
  take(
    timeMs: number,
    value: number,
    companions?: ArrayLike<number>,
    ahead?: ArrayLike<number>,
  ): void;
  issue(): StepReport;
  /** A gap longer than the limit: windows and state start anew, weights and scales stay. */
  restart(): void;
  /**
   * From now on what is dear to learn is learned at every `factor`-th of its times only (1: at each);
   * forecasts go on at every step. No part of the saved state.
   */
  thin(factor: number): void;
  /** Forecasts of experts put aside so far, as no credible numbers. */
  readonly putAside: number;
  /** The present weight of each expert at a lead (1-based). */
  weights(lead: number): { readonly expert: string; readonly weight: number }[];
  /** The record of a lead (1-based), and its newest forecast. */
  lead(lead: number): LeadView;
  view(): ForecasterView;
  save(): Uint8Array;
  /** @throws Error when the bytes are of other settings or damaged; the forecaster is then void. */
  load(bytes: Uint8Array): void;
}

/** @param shared the network that the series shares with others; its seasons must be told */
export type ForecasterFactory = (
  settings: ForecasterSettings,
  engine: RecurrentEngine,
  shared?: SharedNetwork,
) => SeriesForecaster;
