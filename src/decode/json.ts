/** JSON payloads: an object or array with numbers in it, or a bare number. */
import type { Message } from '../source/source.ts';
import type { FieldSink, PayloadDecoder, Rejection } from './decoder.ts';
import { type FieldPath, parseFieldPath, valueAt } from './field-path.ts';
import { checkNumber, EMPTY, excerpt, invalid, notNumber, parseNumber } from './number-text.ts';
import { type DecodeSettings, TIME_FIELDS } from './settings.ts';
import { decodeText } from './text.ts';
import { parseTimeMs, type TimeUnit } from './time.ts';

/** Deeper or wider payloads are no samples. */
const DEPTH_MAX = 32;
const LEAVES_MAX = 1_000;

const NO_NUMBER =
  'no number in the payload; numbers written as text are read where "values" names them';

interface NamedField {
  readonly name: string;
  readonly path: FieldPath;
}

interface TimeField extends NamedField {
  readonly unit: TimeUnit;
}

export function createJsonDecoder(settings: DecodeSettings): PayloadDecoder {
  return new JsonDecoder(settings);
}

class JsonDecoder implements PayloadDecoder {
  readonly #fields: '*' | readonly NamedField[];
  readonly #time: TimeField | 'auto' | 'receive';

  constructor({ values, time }: DecodeSettings) {
    this.#fields = values === '*' ? '*' : values.map(namedField);
    this.#time = time.kind === 'field' ? { ...namedField(time.field), unit: time.unit } : time.kind;
  }

  decode(message: Message, sink: FieldSink): void {
    const text = decodeText(message.payload);
    if (typeof text !== 'string') return sink.reject(undefined, text);
    let root: unknown;
    try {
      root = JSON.parse(text);
    } catch {
      return sink.reject(undefined, text.trim() === '' ? EMPTY : notJson(text));
    }
    if (root === null) return sink.reject(undefined, EMPTY);
    const time = this.#timeOf(root);
    if (typeof time === 'object') return sink.reject(undefined, time);
    if (this.#fields === '*') this.#all(root, time, sink);
    else for (const field of this.#fields) one(root, field, time, sink);
  }

  /** Event time in ms, undefined for the time of arrival, or why there is none. */
  #timeOf(root: unknown): number | undefined | Rejection {
    if (this.#time === 'receive') return undefined;
    if (this.#time !== 'auto') {
      const { name, path, unit } = this.#time;
      const value = valueAt(root, path);
      if (value === undefined) return invalid('no_time', `no field "${name}" for the time`);
      return timeOf(name, value, unit);
    }
    const name = timeFieldOf(root);
    return name === undefined ? undefined : timeOf(name, valueAt(root, [name]), 'auto');
  }

  /** Every number in the payload but the time. */
  #all(root: unknown, timeMs: number | undefined, sink: FieldSink): void {
    if (typeof root === 'number') return put('', checkNumber(root), timeMs, sink);
    const skip = this.#time === 'auto' ? timeFieldOf(root) : timeName(this.#time);
    const leaves: { name: string; value: number | null }[] = [];
    const fault = collect(root, '', 1, skip, leaves);
    if (fault) return sink.reject(undefined, fault);
    if (leaves.length === 0) {
      return sink.reject(undefined, invalid('no_field', NO_NUMBER));
    }
    for (const { name, value } of leaves) {
      put(name, value === null ? EMPTY : checkNumber(value), timeMs, sink);
    }
  }
}

function namedField(name: string): NamedField {
  return { name, path: parseFieldPath(name) };
}

function timeName(time: TimeField | 'receive' | 'auto'): string | undefined {
  return typeof time === 'object' ? time.name : undefined;
}

function timeFieldOf(root: unknown): string | undefined {
  if (typeof root !== 'object' || root === null) return undefined;
  return TIME_FIELDS.find((name) => Object.hasOwn(root, name));
}

function timeOf(name: string, value: unknown, unit: TimeUnit): number | Rejection {
  const ms = parseTimeMs(value, unit);
  if (ms !== undefined) return ms;
  // Never written out whole: it may be nested deeper than the stack reaches.
  const shown = typeof value === 'object' ? 'an object' : excerpt(String(value));
  return invalid('bad_time', `field "${name}": ${shown} is no time in unit ${unit}`);
}

function one(root: unknown, field: NamedField, time: number | undefined, sink: FieldSink): void {
  const value = valueAt(root, field.path);
  switch (typeof value) {
    case 'number':
      return put(field.name, checkNumber(value), time, sink);
    case 'boolean':
      return put(field.name, value ? 1 : 0, time, sink);
    case 'string':
      return put(field.name, parseNumber(value), time, sink);
    case 'undefined':
      return sink.reject(field.name, invalid('no_field', `no field "${field.name}"`));
    default:
      if (value === null) return sink.reject(field.name, EMPTY);
      return sink.reject(field.name, notNumber(Array.isArray(value) ? 'an array' : 'an object'));
  }
}

function put(field: string, value: number | Rejection, time: number | undefined, sink: FieldSink) {
  if (typeof value === 'number') sink.sample(field, time, value);
  else sink.reject(field, value);
}

/** Numbers and nulls with their paths, in the payload's order; a fault when there are too many. */
function collect(
  value: unknown,
  name: string,
  depth: number,
  skip: string | undefined,
  leaves: { name: string; value: number | null }[],
): Rejection | undefined {
  if (typeof value === 'number' || value === null) {
    if (leaves.length === LEAVES_MAX) {
      return invalid('too_many', `more than ${LEAVES_MAX} numbers; name the fields to take`);
    }
    leaves.push({ name, value });
    return undefined;
  }
  if (typeof value !== 'object') return undefined;
  if (depth > DEPTH_MAX) return invalid('too_deep', `nested deeper than ${DEPTH_MAX} levels`);
  const isArray = Array.isArray(value);
  for (const key of Object.keys(value)) {
    const child = isArray ? `${name}[${key}]` : name === '' ? key : `${name}.${key}`;
    if (child === skip) continue;
    const next = (value as Record<string, unknown>)[key];
    const fault = collect(next, child, depth + 1, skip, leaves);
    if (fault) return fault;
  }
  return undefined;
}

function notJson(text: string): Rejection {
  return invalid('not_json', `the payload is not JSON: ${excerpt(text)}`);
}
