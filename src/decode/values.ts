/** How single values of a decoded payload become numbers or symbols, by the stream's kind. */
import type { FieldSink, Rejection } from './decoder.ts';
import { checkNumber, EMPTY, notNumber, parseNumber } from './number-text.ts';
import { describeObject } from './opaque.ts';
import type { DecodeSettings } from './settings.ts';
import { checkSymbol } from './symbol-text.ts';

export interface ValueReader {
  /** Whether `*` takes it, nulls aside. */
  readonly wants: (value: unknown) => boolean;
  /** Anything but undefined. */
  readonly read: (value: unknown) => number | string | Rejection;
  /** Said where a payload holds nothing that `*` takes. */
  readonly nothing: string;
}

export const VALUE_READERS: Record<DecodeSettings['kind'], ValueReader> = {
  number: {
    wants: (value) => typeof value === 'number' || typeof value === 'bigint',
    read: readNumber,
    nothing: 'no number in the payload; numbers written as text are read where "values" names them',
  },
  symbol: {
    wants: (value) => ['string', 'number', 'bigint', 'boolean'].includes(typeof value),
    read: checkSymbol,
    nothing: 'no text, number or boolean in the payload',
  },
};

export function put(
  field: string,
  value: number | string | Rejection,
  time: number | undefined,
  sink: FieldSink,
): void {
  if (typeof value === 'object') sink.reject(field, value);
  else sink.sample(field, time, value);
}

function readNumber(value: unknown): number | Rejection {
  switch (typeof value) {
    case 'number':
      return checkNumber(value);
    case 'bigint':
      return checkNumber(Number(value));
    case 'boolean':
      return value ? 1 : 0;
    case 'string':
      return parseNumber(value);
    default:
      return value === null ? EMPTY : notNumber(describeObject(value));
  }
}
