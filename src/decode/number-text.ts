import type { Rejection } from './decoder.ts';

/** Larger values are no measurements; their squares and differences would overflow. */
export const VALUE_MAX = 1e100;

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const NOT_FINITE = /^[+-]?(?:nan|inf|infinity)$/i;

/** A number that can be learned, or why not. */
export function checkNumber(value: number): number | Rejection {
  if (Math.abs(value) <= VALUE_MAX) return value;
  if (Number.isFinite(value)) return tooLarge(String(value));
  return notFinite(String(value));
}

/** The text of a cell or a plain payload as a number, or why not. */
export function parseNumber(text: string): number | Rejection {
  const trimmed = text.trim();
  if (trimmed === '') return EMPTY;
  if (NOT_FINITE.test(trimmed)) return notFinite(trimmed);
  if (!DECIMAL.test(trimmed)) return notNumber(trimmed);
  return checkNumber(Number(trimmed));
}

export const EMPTY: Rejection = {
  verdict: 'filtered',
  reason: 'empty',
  detail: 'no value given',
};

export function invalid(reason: string, detail: string): Rejection {
  return { verdict: 'invalid', reason, detail };
}

export function notNumber(shown: string): Rejection {
  return invalid('not_number', `expected a number, found ${excerpt(shown)}`);
}

function notFinite(shown: string): Rejection {
  return invalid('not_finite', `expected a finite number, found ${shown}`);
}

function tooLarge(shown: string): Rejection {
  return invalid('too_large', `${shown} is beyond ±${VALUE_MAX}`);
}

/** The beginning of something that may be long or hold control characters. */
export function excerpt(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return JSON.stringify(short);
}
