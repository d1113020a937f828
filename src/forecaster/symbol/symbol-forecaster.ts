import type { RecurrentEngine } from '../../recurrent/engine.ts';
import type { RecurrentSettings } from '../forecaster.ts';
import type { ForecasterView } from '../view.ts';

/** How one series of symbols is forecast. */
export interface SymbolSettings {
  readonly horizon: number;
  /** Symbols are the codes 0 … symbolsMax − 1. */
  readonly symbolsMax: number;
  /** Season lengths in steps, ascending; may be empty. */
  readonly seasonSteps: readonly number[];
  /** Step period, ms. */
  readonly everyMs: number;
  /** undefined: no network for this series. */
  readonly recurrent: RecurrentSettings | undefined;
  readonly seed: number;
}

/** An earlier forecast against the symbol that came. */
export interface ScoredSymbol {
  readonly lead: number;
  /** That the forecast gave to what came, or to something new where it was. */
  readonly probability: number;
  /** −ln probability, in nats. */
  readonly logLoss: number;
  /** Whether what came was the likeliest. */
  readonly hit: boolean;
  /** Lately: 1 − mean log loss ÷ that of the last symbol, whose odds to stay are learnt too. */
  readonly skill: number;
}

/** What one step gave. It holds until the next step. */
export interface SymbolReport {
  /** Whether a forecast was made: false until the series has a symbol. */
  readonly issued: boolean;
  /** Symbols that were seen so far, or stand before one that was: codes 0 … known − 1. */
  readonly known: number;
  /** Row-major [horizon][known]; what a row lacks to 1 is for a symbol that has never come. */
  readonly probability: Float64Array;
  /** Every lead whose forecast had this step as its target, and a symbol came. */
  readonly scores: readonly ScoredSymbol[];
}

/** One series of symbols: forecast, score, learn. */
export interface SymbolForecaster {
  /**
   * The next step of the grid has closed. Scores what was forecast for it, learns, and forecasts.
   * @param timeMs start of the step, ms since the epoch
   * @param code NaN for a gap; what is no code counts as one
   */
  step(timeMs: number, code: number): SymbolReport;
  /** A gap longer than the limit: what hangs on neighbouring steps is void, counts stay. */
  restart(): void;
  /** Only every `factor`-th update of the network is made (1: each). No part of the saved state. */
  thin(factor: number): void;
  /** The present weight of each expert at a lead (1-based). */
  weights(lead: number): { readonly expert: string; readonly weight: number }[];
  /** Lately, at a lead (1-based), against the last symbol; NaN before the first score. */
  skill(lead: number): number;
  view(): Omit<ForecasterView, 'putAside'>;
  save(): Uint8Array;
  /** @throws Error when the bytes are of other settings or damaged; the forecaster is then void. */
  load(bytes: Uint8Array): void;
}

export type SymbolForecasterFactory = (
  settings: SymbolSettings,
  engine: RecurrentEngine,
) => SymbolForecaster;
