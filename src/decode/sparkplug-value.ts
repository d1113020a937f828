import type { Rejection } from './decoder.ts';
import { invalid } from './number-text.ts';
import { Instant, Unread } from './opaque.ts';
import { DATATYPES, type DatatypeName, type RawValue } from './sparkplug-payload.ts';

type Value = number | bigint | string | boolean | Instant | Unread;

const SIGNED_BITS: Partial<Record<DatatypeName, number>> = {
  Int8: 8,
  Int16: 16,
  Int32: 32,
  Int64: 64,
};
const UNSIGNED_BITS: Partial<Record<DatatypeName, number>> = {
  UInt8: 8,
  UInt16: 16,
  UInt32: 32,
  UInt64: 64,
};
const KINDS: Partial<Record<DatatypeName, RawValue['kind']>> = {
  Float: 'float',
  Double: 'float',
  Boolean: 'boolean',
  String: 'string',
  Text: 'string',
  UUID: 'string',
  DateTime: 'integer',
};

/**
 * A metric's value as its datatype has it. Whole numbers stand in unsigned fields in two's complement,
 * of whatever width the sender has taken.
 */
export function sparkplugValue(raw: RawValue, datatype: number): Value | Rejection {
  const name = DATATYPES[datatype];
  if (name === undefined || name === 'Unknown') return new Unread(`a datatype ${datatype}`);
  const signed = SIGNED_BITS[name];
  const unsigned = UNSIGNED_BITS[name];
  const kind = signed || unsigned ? 'integer' : KINDS[name];
  if (kind === undefined) return new Unread(`a ${name}`);
  if (raw.kind !== kind || raw.kind === 'other') {
    return invalid('bad_metric', `a metric of datatype ${name} with a value of kind ${raw.kind}`);
  }
  if (raw.kind !== 'integer') return raw.value;
  if (signed) return exact(BigInt.asIntN(signed, raw.value));
  if (unsigned) return exact(BigInt.asUintN(unsigned, raw.value));
  return new Instant(Number(raw.value));
}

/** A bigint only where a number is none. */
function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** What values of the datatype are like: told by its name alone, for a metric that may have none. */
export function sampleValue(datatype: number): Value {
  const name = DATATYPES[datatype] ?? 'Unknown';
  if (SIGNED_BITS[name] || UNSIGNED_BITS[name]) return 0;
  switch (KINDS[name]) {
    case 'float':
      return 0;
    case 'boolean':
      return false;
    case 'string':
      return '';
    case 'integer':
      return new Instant(0);
    default:
      return new Unread(name);
  }
}
