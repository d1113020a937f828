/** Why the intake turns away what a decoder has found. */
import type { Rejection } from './decoder.ts';
import { invalid } from './number-text.ts';

export const UNDATED: Rejection = invalid(
  'no_time',
  'neither the data nor the recording say when it was; name the field of the time in "time"',
);

export function notPositive(value: number, transform: string): Rejection {
  const detail = `${value} has no logarithm, and the stream has transform: ${transform}`;
  return invalid('not_positive', detail);
}

export const RETAINED: Rejection = {
  verdict: 'filtered',
  reason: 'retained',
  detail: 'stored by the broker, of unknown age; "retained: learn" takes it',
};

export function timeAhead(timeMs: number, aheadMs: number): Rejection {
  const stamp = new Date(timeMs).toISOString();
  const seconds = Math.round(aheadMs / 1000);
  return invalid('time_ahead', `stamped ${stamp}, ${seconds} s ahead of this machine’s clock`);
}

/** @param owner the stream that has the name */
export function nameTaken(name: string, owner: string): Rejection {
  const detail = `series "${name}" belongs to stream ${owner}; give one of them another "series" template`;
  return invalid('name_taken', detail);
}

export function overLimit(name: string, seriesMax: number): Rejection {
  const detail = `series "${name}" would be one more than series_max (${seriesMax})`;
  return { verdict: 'filtered', reason: 'series_limit', detail };
}
