import type { History } from '../experts/expert.ts';

/** What every expert of a series of symbols sees. */
export interface SymbolPast {
  /** Codes on the grid, newest last; NaN for a gap. */
  readonly history: History;
  /** Codes 0 … known − 1 have been seen; at least 1. */
  readonly known: number;
}

/**
 * The contract of a method that forecasts symbols. At each step, in this order: `learn` (the newest
 * step has just joined the past: it is the target of lead h for the forecast issued h steps ago),
 * then `forecast`. Neither is called before the first symbol.
 *
 * Tables have room for `slots` symbols, which grows as symbols appear: so a series of three states
 * does not pay for the largest vocabulary that its stream allows.
 */
export interface SymbolExpert {
  readonly name: string;
  /** How far back it asks the history: `at(back)` with `back < historySteps`. */
  readonly historySteps: number;
  /**
   * The newest forecast [horizon][slots]; the known cells of a row sum to 1. NaN in the row's first
   * cell where the expert has nothing to say.
   */
  readonly probability: Float64Array;
  learn(past: SymbolPast): void;
  forecast(past: SymbolPast): void;
  /** Makes room for more symbols; called before the first step, and after that whenever needed. */
  grow(slots: number): void;
  /** A gap longer than the limit has passed: what hangs on neighbouring steps is void. */
  restart(): void;
  /** Where learning is dear: from now on only every `factor`-th update is made (1: each). */
  thin?(factor: number): void;
  save(): Uint8Array;
  /** Into an expert with as many slots. @throws Error when the bytes are of other settings. */
  load(bytes: Uint8Array): void;
}

/** Start of the row of a lead (0-based), and room for a symbol more. */
export function regrown(
  cells: Float64Array,
  rows: number,
  before: number,
  slots: number,
): Float64Array {
  const grown = new Float64Array(rows * slots);
  for (let row = 0; row < rows; row++) {
    grown.set(cells.subarray(row * before, (row + 1) * before), row * slots);
  }
  return grown;
}
