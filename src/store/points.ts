import type { ChangeKind } from '../forecaster/change-detector.ts';

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
  /** The widest interval. */
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** The narrower intervals, widest first. */
  readonly inner: readonly Band[];
  /** How unusual this step was, in [0, 1] on one scale for all series; NaN where that is not told. */
  readonly anomaly: number;
  /** Strength in (0, 1] of a change of the errors that is sure by this step; 0: none. */
  readonly change: number;
  /** How they have changed; absent where `change` is 0. */
  readonly changeKind?: ChangeKind | undefined;
  /** Forecasts whose target was this step, for the leads that the user wants scored. */
  readonly scores: readonly LeadScore[];
  /** Of a series of symbols, which has no mean, no intervals and no `scores`, and NaN as `actual`. */
  readonly symbols?: SymbolPoints;
  /** Who speaks, lead by lead; only where the stream's settings ask for it. */
  readonly weights?: readonly LeadWeights[];
}

/** An interval of stated coverage; cells as in `mean`. */
export interface Band {
  /** Share of values that it should hold, e.g. 0.8. */
  readonly coverage: number;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/** States or classes: how likely each is at each lead. */
export interface SymbolPoints {
  /** Those that are known so far; a later step has the same ones first. */
  readonly names: readonly string[];
  /** What came at this step: its place in `names`; −1 for a gap. */
  readonly actual: number;
  /** Row-major [leads][names]; what a row lacks to 1 is for a symbol that has never come. */
  readonly probability: Float64Array;
  /** As `scores`. */
  readonly scores: readonly SymbolScore[];
}

/** One earlier forecast against the symbol that came. */
export interface SymbolScore {
  readonly lead: number;
  /** What the forecast gave to it, or to something new where it was. */
  readonly probability: number;
  /** −ln probability. */
  readonly logLoss: number;
  /** Whether it was the likeliest. */
  readonly hit: boolean;
  /** Lately: 1 − mean log loss ÷ that of the last symbol, whose odds to stay are learned too. */
  readonly skill: number;
}

/** Weight of each expert in the newest forecast of one lead; they sum to 1. */
export interface LeadWeights {
  readonly lead: number;
  readonly experts: readonly { readonly expert: string; readonly weight: number }[];
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
  /** Whether the widest interval held the value. */
  readonly covered: boolean;
  /** Share of values that the widest interval held lately, at this lead. */
  readonly coverage: number;
  /** The same of the narrower intervals, widest first. */
  readonly inner: readonly InnerScore[];
  /** Lately: 1 − mean |error| ÷ mean |naive error|; above 0 is better than the last value. */
  readonly skill: number;
}

export interface InnerScore {
  /** Nominal. */
  readonly level: number;
  readonly covered: boolean;
  /** Lately. */
  readonly coverage: number;
}
