/** How a series fares, in one word; see SeriesState in monitor.ts. */
import type { SeriesState } from '../monitor.ts';

/** Before so many scores the skill of a series says little: its error is some ten per cent still. */
export const SCORES_MIN = 30;
/** Errors a tenth larger than those of the last value are no chance any more, over 1,000 steps. */
export const FAILING_SKILL = -0.1;
/** A change of the errors counts as late for so long: a sparkline, so that it is seen there. */
export const CHANGE_STEPS = 60;
/** The share inside an interval of 0.8 has a standard error of 0.03 over 200 steps: three of them. */
export const COVERAGE_SLACK = 0.1;
/** A message or two may be lost, and a step of several samples closes late. */
export const STALE_STEPS = 5;
/** … and nobody wants a series of ten samples a second to flicker. */
export const STALE_MS_MIN = 10_000;

/** What it hangs on; NaN where it is not known. */
export interface Standing {
  /** Forecasts scored at the first scored lead. */
  readonly scored: number;
  readonly skill: number;
  readonly coverage: number;
  readonly nominal: number;
  /** Since the errors have changed for the worse; Infinity: they have not. */
  readonly stepsSinceWorse: number;
  readonly everyMs: number;
  /** Since a value came, by this machine's clock. */
  readonly silentMs: number;
}

export function seriesState(standing: Standing): SeriesState {
  const { scored, skill, coverage, nominal, stepsSinceWorse } = standing;
  const isKnown = scored >= SCORES_MIN;
  if (isKnown && skill < FAILING_SKILL) return 'failing';
  if (isStale(standing)) return 'stale';
  if (!isKnown) return 'learning';
  const holdsTooLittle = coverage < nominal - COVERAGE_SLACK;
  return holdsTooLittle || stepsSinceWorse <= CHANGE_STEPS ? 'drifting' : 'good';
}

function isStale({ everyMs, silentMs }: Standing): boolean {
  return silentMs > Math.max(STALE_MS_MIN, STALE_STEPS * everyMs);
}
