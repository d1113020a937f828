/**
 * InfluxDB line protocol, as Telegraf and others publish it: any number of lines a message, each with a
 * time of its own or with that of arrival. A wrong line is left out alone.
 */
import type { Message } from '../source/source.ts';
import type { FieldSink, Origin, PayloadDecoder, Rejection } from './decoder.ts';
import { endOfLine, type Line, parseLine } from './line.ts';
import { escapeTag, tagsText } from './naming.ts';
import { EMPTY, invalid } from './number-text.ts';
import type { DecodeSettings } from './settings.ts';
import { decodeText } from './text.ts';
import { parseTimeMs, type TimeUnit } from './time.ts';
import { VALUE_READERS, type ValueReader } from './values.ts';

/** Whoever sends more at once can send more often. */
const LINES_MAX = 10_000;
const TOO_MANY = invalid('too_many', `more than ${LINES_MAX} lines; those behind are left out`);

const NOTHING: Rejection = {
  verdict: 'filtered',
  reason: 'no_field',
  detail: 'none of the fields that are taken',
};

export function createLineProtocolDecoder(settings: DecodeSettings): PayloadDecoder {
  return new LineProtocolDecoder(settings);
}

class LineProtocolDecoder implements PayloadDecoder {
  readonly #reader: ValueReader;
  readonly #fields: '*' | ReadonlySet<string>;
  /** undefined: times are passed over. */
  readonly #unit: TimeUnit | undefined;

  constructor({ kind, values, time }: DecodeSettings) {
    this.#reader = VALUE_READERS[kind];
    this.#fields = values === '*' ? '*' : new Set(values);
    if (time.kind !== 'receive') this.#unit = time.kind === 'field' ? time.unit : 'auto';
  }

  decode(message: Message, sink: FieldSink): void {
    const text = decodeText(message.payload);
    if (typeof text !== 'string') return sink.reject(undefined, text);
    let isEmpty = true;
    for (let from = 0, number = 1, lines = 0; from < text.length; lines++) {
      if (lines === LINES_MAX) return sink.reject(undefined, TOO_MANY);
      const end = endOfLine(text, from);
      const line = text.slice(from, end);
      from = end + 1;
      if (!/^\s*(#|$)/.test(line)) {
        isEmpty = false;
        this.#line(line, number, sink);
      }
      // A quoted text may go on over line ends.
      number += line.includes('\n') ? line.split('\n').length : 1;
    }
    if (isEmpty) sink.reject(undefined, EMPTY);
  }

  #line(text: string, number: number, sink: FieldSink): void {
    const at = ({ detail, ...rejection }: Rejection): Rejection => ({
      ...rejection,
      detail: `line ${number}: ${detail}`,
    });
    const line = parseLine(text.trimStart());
    if ('reason' in line) return sink.reject(undefined, at(line));
    const time = this.#timeOf(line);
    if (typeof time === 'object') return sink.reject(undefined, at(time));
    const taken = line.fields.filter((field) => this.#takes(field));
    if (taken.length === 0) return sink.reject(undefined, at(NOTHING));
    const origin = originOf(line);
    for (const { name, value } of taken) {
      const read = typeof value === 'object' ? value : this.#reader.read(value);
      if (typeof read === 'object') sink.reject(name, at(read));
      else sink.sample(name, time, read, origin);
    }
  }

  /** What is no value at all is told under `*`, too. */
  #takes({ name, value }: Line['fields'][number]): boolean {
    if (this.#fields !== '*') return this.#fields.has(name);
    return typeof value === 'object' || this.#reader.wants(value);
  }

  #timeOf({ time }: Line): number | undefined | Rejection {
    if (time === undefined || this.#unit === undefined) return undefined;
    const ms = parseTimeMs(time, this.#unit);
    return ms ?? invalid('bad_time', `${time} is no time in unit ${this.#unit}`);
  }
}

function originOf({ measurement, tags }: Line): Origin {
  const name = escapeTag(measurement);
  return { key: tags.size > 0 ? `${name},${tagsText(tags)}` : name, measurement, tags };
}
