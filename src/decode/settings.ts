import type { StreamConfig } from '../config/schema.ts';
import { barFields } from './bars.ts';
import type { TimeUnit } from './time.ts';

/** Where a message's event time is. */
export type TimeRule =
  | { readonly kind: 'receive' }
  /** A field with one of the usual names where there is one, else the time of arrival. */
  | { readonly kind: 'auto' }
  | { readonly kind: 'field'; readonly field: string; readonly unit: TimeUnit };

/** Names under which `auto` looks for the time. */
export const TIME_FIELDS = ['time', 'timestamp', 'ts', 'datetime', 'date'] as const;

/** What a payload decoder needs to know. */
export interface DecodeSettings {
  readonly kind: StreamConfig['kind'];
  /** Fields to take, or every value. */
  readonly values: '*' | readonly string[];
  readonly time: TimeRule;
  /** Column names of a CSV payload without a header. */
  readonly columns: readonly string[] | undefined;
}

export function decodeSettings(stream: StreamConfig): DecodeSettings {
  const { kind, columns, bars } = stream;
  const named = bars ? barFields(bars) : stream.values;
  // Covariates first: they are there when the value of the same message closes the step.
  const covariates = stream.covariates.map(({ field }) => field);
  const values = named === '*' ? named : [...covariates, ...[named].flat()];
  return {
    kind,
    values,
    time: timeRule(stream.time),
    columns,
  };
}

function timeRule(time: StreamConfig['time']): TimeRule {
  if (typeof time !== 'string') return { kind: 'field', ...time };
  if (time === 'receive' || time === 'auto') return { kind: time };
  return { kind: 'field', field: time, unit: 'auto' };
}
