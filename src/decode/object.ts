/**
 * Payloads that are an object or array with numbers (or symbols) in it, or a bare one: JSON, and what
 * binary formats make of the same.
 */
import type { FieldSink, Rejection } from './decoder.ts';
import { type FieldPath, parseFieldPath, valueAt } from './field-path.ts';
import { EMPTY, excerpt, invalid } from './number-text.ts';
import { describeObject, Instant, isContainer } from './opaque.ts';
import { type DecodeSettings, TIME_FIELDS } from './settings.ts';
import { checkTimeMs, parseTimeMs, type TimeUnit } from './time.ts';
import { put, VALUE_READERS, type ValueReader } from './values.ts';

/** Deeper or wider payloads are no samples. */
export const DEPTH_MAX = 32;
const LEAVES_MAX = 1_000;

interface NamedField {
  readonly name: string;
  readonly path: FieldPath;
}

interface TimeField extends NamedField {
  readonly unit: TimeUnit;
}

/** Takes the values of one payload, whatever format it was in. */
export class ObjectReader {
  readonly #fields: '*' | readonly NamedField[];
  readonly #time: TimeField | 'auto' | 'receive';
  readonly #reader: ValueReader;

  constructor({ kind, values, time }: DecodeSettings) {
    this.#reader = VALUE_READERS[kind];
    this.#fields = values === '*' ? '*' : values.map(namedField);
    this.#time = time.kind === 'field' ? { ...namedField(time.field), unit: time.unit } : time.kind;
  }

  /** @param root the payload, decoded: what JSON has, bigint, and what opaque.ts tells of */
  read(root: unknown, sink: FieldSink): void {
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
  if (!isContainer(root)) return undefined;
  return TIME_FIELDS.find((name) => Object.hasOwn(root, name));
}

function timeOf(name: string, value: unknown, unit: TimeUnit): number | Rejection {
  const ms = msOf(value, unit);
  if (ms !== undefined) return ms;
  // Never written out whole: it may be nested deeper than the stack reaches.
  const shown = typeof value === 'object' ? describeObject(value) : excerpt(String(value));
  return invalid('bad_time', `field "${name}": ${shown} is no time in unit ${unit}`);
}

/** A time that is marked as one needs no unit. */
function msOf(value: unknown, unit: TimeUnit): number | undefined {
  if (value instanceof Instant) return checkTimeMs(value.ms);
  return parseTimeMs(typeof value === 'bigint' ? Number(value) : value, unit);
}

interface Leaf {
  readonly name: string;
  readonly value: unknown;
}

interface Search {
  /** Path of the time. */
  readonly skip: string | undefined;
  readonly wants: ValueReader['wants'];
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
  if (!isContainer(value)) return undefined;
  if (depth > DEPTH_MAX) return invalid('too_deep', `nested deeper than ${DEPTH_MAX} levels`);
  const isArray = Array.isArray(value);
  for (const key of Object.keys(value)) {
    const child = isArray ? `${name}[${key}]` : name === '' ? key : `${name}.${key}`;
    if (child === search.skip) continue;
    const fault = collect(value[key], child, depth + 1, search);
    if (fault) return fault;
  }
  return undefined;
}
