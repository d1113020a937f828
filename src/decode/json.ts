/** JSON payloads: an object or array with numbers (or symbols) in it, or a bare one. */
import type { Message } from '../source/source.ts';
import type { FieldSink, PayloadDecoder, Rejection } from './decoder.ts';
import { type FieldPath, parseFieldPath, valueAt } from './field-path.ts';
import { checkNumber, EMPTY, excerpt, invalid, notNumber, parseNumber } from './number-text.ts';
import { type DecodeSettings, TIME_FIELDS } from './settings.ts';
import { checkSymbol } from './symbol-text.ts';
import { decodeText } from './text.ts';
import { parseTimeMs, type TimeUnit } from './time.ts';

/** Deeper or wider payloads are no samples. */
const DEPTH_MAX = 32;
const LEAVES_MAX = 1_000;

const NO_NUMBER =
  'no number in the payload; numbers written as text are read where "values" names them';

const NO_SYMBOL = 'no text, number or boolean in the payload';

/** How the values of a stream's kind are found and read. */
interface Reader {
  /** Whether `*` takes it, nulls aside. */
  readonly wants: (value: unknown) => boolean;
  /** Neither an object nor undefined. */
  readonly read: (value: unknown) => number | string | Rejection;
  readonly nothing: string;
}

const READERS: Record<DecodeSettings['kind'], Reader> = {
  number: { wants: (value) => typeof value === 'number', read: readNumber, nothing: NO_NUMBER },
  symbol: {
    wants: (value) => ['string', 'number', 'boolean'].includes(typeof value),
    read: checkSymbol,
    nothing: NO_SYMBOL,
  },
};

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
  readonly #reader: Reader;

  constructor({ kind, values, time }: DecodeSettings) {
    this.#reader = READERS[kind];
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
    else for (const field of this.#fields) this.#one(root, field, time, sink);
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

  /** Every value in the payload but the time. */
  #all(root: unknown, timeMs: number | undefined, sink: FieldSink): void {
    if (this.#reader.wants(root)) return put('', this.#reader.read(root), timeMs, sink);
    const skip = this.#time === 'auto' ? timeFieldOf(root) : timeName(this.#time);
    const leaves: Leaf[] = [];
    const fault = collect(root, '', 1, { skip, wants: this.#reader.wants, leaves });
    if (fault) return sink.reject(undefined, fault);
    if (leaves.length === 0) {
      return sink.reject(undefined, invalid('no_field', this.#reader.nothing));
    }
    for (const { name, value } of leaves) {
      put(name, this.#reader.read(value), timeMs, sink);
    }
  }

  #one(root: unknown, field: NamedField, time: number | undefined, sink: FieldSink): void {
    const value = valueAt(root, field.path);
    if (value === undefined) {
      return sink.reject(field.name, invalid('no_field', `no field "${field.name}"`));
    }
    put(field.name, this.#reader.read(value), time, sink);
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

function readNumber(value: unknown): number | Rejection {
  switch (typeof value) {
    case 'number':
      return checkNumber(value);
    case 'boolean':
      return value ? 1 : 0;
    case 'string':
      return parseNumber(value);
    default:
      if (value === null) return EMPTY;
      return notNumber(Array.isArray(value) ? 'an array' : 'an object');
  }
}

function put(
  field: string,
  value: number | string | Rejection,
  time: number | undefined,
  sink: FieldSink,
): void {
  if (typeof value === 'object') sink.reject(field, value);
  else sink.sample(field, time, value);
}

interface Leaf {
  readonly name: string;
  readonly value: unknown;
}

interface Search {
  /** Path of the time. */
  readonly skip: string | undefined;
  readonly wants: Reader['wants'];
  readonly leaves: Leaf[];
}

/** Values and nulls with their paths, in the payload's order; a fault when there are too many. */
function collect(
  value: unknown,
  name: string,
  depth: number,
  search: Search,
): Rejection | undefined {
  if (value === null || search.wants(value)) {
    if (search.leaves.length === LEAVES_MAX) {
      return invalid('too_many', `more than ${LEAVES_MAX} values; name the fields to take`);
    }
    search.leaves.push({ name, value });
    return undefined;
  }
  if (typeof value !== 'object') return undefined;
  if (depth > DEPTH_MAX) return invalid('too_deep', `nested deeper than ${DEPTH_MAX} levels`);
  const isArray = Array.isArray(value);
  for (const key of Object.keys(value)) {
    const child = isArray ? `${name}[${key}]` : name === '' ? key : `${name}.${key}`;
    if (child === search.skip) continue;
    const next = (value as Record<string, unknown>)[key];
    const fault = collect(next, child, depth + 1, search);
    if (fault) return fault;
  }
  return undefined;
}

function notJson(text: string): Rejection {
  return invalid('not_json', `the payload is not JSON: ${excerpt(text)}`);
}
