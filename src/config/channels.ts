import type { StreamConfig } from './schema.ts';

/** With more, what they say of each other no longer pays for itself. */
export const CHANNELS_MAX = 16;

/** The fields of one topic that are learned together; none where each is learned alone. */
export interface Channels {
  /** Those that are forecast. */
  readonly targets: readonly string[];
  /** Covariates, of which the past is seen. */
  readonly past: readonly string[];
  /** Covariates, of which the future is seen too, as far as it has been told. */
  readonly known: readonly string[];
}

export function channelsOf(stream: StreamConfig): Channels {
  const { kind, channels, values, every, covariates } = stream;
  const named = typeof values === 'string' ? [values] : values;
  const past = covariates.filter(({ known }) => !known).map(({ field }) => field);
  const known = covariates.filter(({ known }) => known).map(({ field }) => field);
  const least = covariates.length > 0 ? 1 : 2;
  const together =
    // What states say of each other is not learned.
    kind === 'number' &&
    channels === 'together' &&
    values !== '*' &&
    every !== undefined &&
    named.length >= least &&
    named.length + past.length <= CHANNELS_MAX;
  return together ? { targets: named, past, known } : { targets: [], past: [], known: [] };
}
