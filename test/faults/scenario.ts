/** One row of the table in docs/reliability.md. */
export interface Scenario {
  readonly name: string;
  /** What is done to what, in a sentence; ends up in the table. */
  readonly faultModel: string;
  /** Faults of the long version (`npm run test:faults`). */
  readonly longRuns: number;
  /**
   * Puts so many faults on a real daemon, all of them told by the seed.
   * @throws FaultError where a promise does not hold
   */
  run(options: RunOptions): Promise<Outcome>;
}

export interface RunOptions {
  readonly runs: number;
  readonly seed: number;
  /** Progress, for whoever waits. */
  readonly log: (text: string) => void;
}

export interface Outcome {
  readonly counts: Readonly<Record<string, number | string>>;
}

export type Counts = Readonly<Record<string, number>>;

/** A promise did not hold: which one, with what seed, and what differed. */
export class FaultError extends Error {
  override readonly name = 'FaultError';

  constructor(seed: number, what: string) {
    super(`seed ${seed}: ${what}`);
  }
}
