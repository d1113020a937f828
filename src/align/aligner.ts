/** How samples of one series become steps. */
export interface AlignSettings {
  /** Step period: ms, or whole calendar months; undefined: learned from the first samples. */
  readonly every: { readonly ms: number } | { readonly months: number } | undefined;
  /**
   * `none`: one sample a step, cells centred on it, a step closes as soon as its sample is certain.
   * mean…sum: the samples of a step are put together, and it closes when the watermark passes its end.
   * `auto`: judged from the first samples (one a step: `none`; several: as `several` says).
   */
  readonly aggregate: 'auto' | 'none' | 'mean' | 'first' | 'last' | 'min' | 'max' | 'sum';
  /** Default: mean. */
  readonly several?: 'mean' | 'last';
  /** How far behind the newest event time a sample may be and still be taken, ms. */
  readonly latenessMs: number;
  /** A gap of more steps than this restarts the window. */
  readonly gapStepsMax: number;
  /** A stamp this many steps ahead of the newest is held until others confirm it. */
  readonly aheadStepsMax: number;
  /** Receive time serves as event time, so clock ticks move the watermark. */
  readonly receiveTime: boolean;
}

/** What became of samples; `held` of the aligner are the pending ones. */
export interface AlignCounts {
  learned: number;
  duplicate: number;
  late: number;
  invalid: number;
  filtered: number;
}

/** Where closed steps go, in order, without holes: every step since the first or the last restart. */
export interface StepSink {
  /** @param value NaN for a gap */
  step(timeMs: number, value: number): void;
  /**
   * A gap longer than the limit lies before the next step, or the first stamps were wrong.
   * @param backToMs the clock that gives arrival times was set back: steps come from here on again
   */
  restart(backToMs?: number): void;
}

/** One series' way from samples to steps. Pure: no clock, no I/O. */
export interface Aligner {
  push(timeMs: number, value: number, sink: StepSink): void;
  /** The receive clock has reached `timeMs`. Only moves series with `receiveTime`. */
  tick(timeMs: number, sink: StepSink): void;
  /**
   * Another series that is learned together with this one has gone back to `timeMs`: begins anew, if
   * it stands far ahead of it and has `receiveTime`.
   */
  followBack(timeMs: number, sink: StepSink): void;
  /** The input has ended: closes what is open; stamps still in doubt stay held. */
  finish(sink: StepSink): void;
  /** Since the start; the owner reads them. */
  readonly counts: Readonly<AlignCounts>;
  /** Samples taken in that are in no closed step yet. */
  readonly held: number;
  /** Event time of the newest sample that was taken; −∞ before the first. */
  readonly newestMs: number;
  /** Steps that end before it are closed; −∞ before the first sample. */
  readonly watermarkMs: number;
  /** Step period in ms once known (a month counts as 30.4375 days). */
  readonly everyMs: number | undefined;
  /** Start of the step `lead` steps after the one that starts at `stepMs`. */
  targetMs(stepMs: number, lead: number): number;
  /** Everything that decides what comes next, `counts` included. */
  save(): Uint8Array;
  /** @throws Error when the bytes are of another grid or damaged; the aligner is then void. */
  load(bytes: Uint8Array): void;
}
