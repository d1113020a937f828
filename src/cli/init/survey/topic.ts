/** What one topic has said. */
import type { Message } from '../../../source/source.ts';
import { type Clock, clockOf } from './clock.ts';
import { type FieldFinding, FieldStats } from './field.ts';
import { type Format, keyOf, type PayloadReader } from './reading.ts';
import { disorderMs, type Rhythm, rhythmOf } from './rhythm.ts';

export interface TopicFinding {
  readonly topic: string;
  readonly messages: number;
  /** Messages that were looked into. */
  readonly looked: number;
  /** Of most of its messages; undefined where they could not be read. */
  readonly format: Format | undefined;
  /** Messages of other forms, and broken ones. */
  readonly odd: number;
  /** Why the first of those could not be read. */
  readonly fault: string | undefined;
  readonly example: string;
  readonly fields: readonly FieldFinding[];
  /** Fields were left unlooked at: there are too many. */
  readonly fieldsCut: boolean;
  readonly clock: Clock;
  /** By the clock; undefined where there were too few messages. */
  readonly rhythm: Rhythm | undefined;
  /** Of stamps, ms. */
  readonly disorderMs: number;
}

const EXAMPLE_CHARS_MAX = 90;

export class TopicStats {
  readonly topic: string;
  messages = 0;
  readonly #messagesMax: number;
  readonly #fieldsMax: number;
  readonly #reader: PayloadReader;
  readonly #formats = new Map<Format, { count: number; fields: Map<string, FieldStats> }>();
  readonly #arrivalsMs: number[] = [];
  #looked = 0;
  #broken = 0;
  #fault: string | undefined;
  #example = '';
  #fieldsCut = false;

  /** @param messagesMax later ones are counted only */
  constructor(topic: string, reader: PayloadReader, messagesMax: number, fieldsMax: number) {
    this.topic = topic;
    this.#reader = reader;
    this.#messagesMax = messagesMax;
    this.#fieldsMax = fieldsMax;
  }

  add(message: Message): void {
    this.messages++;
    if (this.#looked === this.#messagesMax) return;
    this.#looked++;
    this.#arrivalsMs.push(message.receivedMs);
    if (this.#example === '') this.#example = exampleOf(message.payload);
    const reading = this.#reader.read(message);
    if (reading.format === undefined) {
      this.#broken++;
      this.#fault ??= reading.fault;
      return;
    }
    let known = this.#formats.get(reading.format);
    if (!known) {
      known = { count: 0, fields: new Map() };
      this.#formats.set(reading.format, known);
    }
    known.count++;
    for (const { field, origin, value } of reading.values) {
      const key = keyOf(field, origin);
      let stats = known.fields.get(key);
      if (!stats && known.fields.size === this.#fieldsMax) {
        this.#fieldsCut = true;
        continue;
      }
      if (!stats) {
        stats = new FieldStats(field, origin);
        known.fields.set(key, stats);
      }
      stats.add(value, message.receivedMs);
    }
  }

  finding(): TopicFinding {
    const [format, most] = [...this.#formats].sort((a, b) => b[1].count - a[1].count)[0] ?? [];
    const fields = [...(most?.fields.values() ?? [])];
    const clock = clockOf(fields, most?.count ?? 0);
    const stamps = fields.find(({ name }) => name === clock.field)?.stampsMs;
    return {
      topic: this.topic,
      messages: this.messages,
      looked: this.#looked,
      format: this.#broken > (most?.count ?? 0) ? undefined : format,
      odd: this.#looked - (most?.count ?? 0),
      fault: this.#fault,
      example: this.#example,
      fields,
      fieldsCut: this.#fieldsCut,
      clock,
      rhythm: rhythmOf(stamps ?? this.#arrivalsMs, stamps === undefined),
      disorderMs: stamps ? disorderMs(stamps) : 0,
    };
  }
}

/** The beginning of the payload, on one line; of bytes that are no text in hexadecimal. */
function exampleOf(payload: Uint8Array): string {
  const begin = Buffer.from(payload.subarray(0, 4 * EXAMPLE_CHARS_MAX));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const isBinary = /[\u0000-\u0008\u000e-\u001f\ufffd]/.test(begin.toString());
  const text = isBinary ? begin.toString('hex') : begin.toString();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal would act on them
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();
  return clean.length > EXAMPLE_CHARS_MAX ? `${clean.slice(0, EXAMPLE_CHARS_MAX)}…` : clean;
}
