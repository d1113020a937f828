/**
 * What every expert sees: the series' past on the grid, newest last. Kept once for all of them.
 */
export interface History {
  /** Steps since the start or the last restart, gaps included: the newest has index `steps - 1`. */
  readonly steps: number;
  /** Value `back` steps before the newest (0 = newest); NaN where missing or too long ago. */
  at(back: number): number;
  /** The same without a check, for long loops: the values, and where in them `at(back)` is. */
  readonly ring: Float64Array;
  place(back: number): number;
  /** The newest value that was not missing; NaN before the first. */
  readonly last: number;
  /** Steps since `last` (0 = the newest step has it). */
  readonly age: number;
  /** Start of the newest step, ms since the epoch (for calendar terms). */
  readonly timeMs: number;
  /** Newest values of the companions (other channels, covariates); NaN where missing. */
  readonly companions: Float64Array;
  /** Covariates known ahead, [covariates][1 + horizon]: now, and at each lead; NaN where unknown. */
  readonly ahead: Float64Array;
}

/**
 * The contract of a forecasting method. At each step, in this order: `learn` (the newest step has
 * just joined the history: it is the target of lead h for the forecast issued h steps ago), then
 * `forecast`. So nothing can be learned before its time. Neither is called before the first value.
 */
export interface Expert {
  readonly name: string;
  /** How far back it asks the history: `at(back)` with `back < historySteps`. */
  readonly historySteps: number;
  learn(history: History): void;
  /**
   * @param out receives one value a lead [horizon], in the series' units;
   *   NaN where the expert has nothing to say yet
   */
  forecast(history: History, out: Float64Array): void;
  /** A gap longer than the limit has passed: what hangs on neighbouring steps is void. */
  restart(): void;
  /**
   * Where learning is dear: from now on only every `factor`-th update is made (1: each). No part of
   * what is saved.
   */
  thin?(factor: number): void;
  /** Everything learnt; after `load` of it the expert continues identically. */
  save(): Uint8Array;
  /** @throws Error when the bytes are of other settings. */
  load(bytes: Uint8Array): void;
}
