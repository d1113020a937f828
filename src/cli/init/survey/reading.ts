/** What one payload holds. Its format is told by its form; the values are read by src/decode. */
import type { StreamConfig } from '../../../config/schema.ts';
import { stream as streamSchema } from '../../../config/schema-stream.ts';
import type { FieldSink, PayloadDecoder } from '../../../decode/decoder.ts';
import { excerpt, parseNumber } from '../../../decode/number-text.ts';
import { createDecoder } from '../../../decode/registry.ts';
import { decodeText } from '../../../decode/text.ts';
import type { Message } from '../../../source/source.ts';

export type Format = StreamConfig['payload'];

export interface FieldValue {
  /** As a configuration names it; empty for a bare value, a column's number for CSV. */
  readonly field: string;
  /** What it belongs to, where a message speaks of several things. */
  readonly origin: string | undefined;
  /** A number, or the text of anything else; null where the payload has a null. */
  readonly value: number | string | null;
}

/** What a payload is; `fault` says why nothing can be read from it. */
export type Reading =
  | { readonly format: Format; readonly values: readonly FieldValue[] }
  | { readonly format: undefined; readonly fault: string };

interface Decoded {
  readonly values: ReadonlyMap<string, FieldValue>;
  /** Of the whole payload. */
  readonly reason: string | undefined;
  readonly fault: string | undefined;
}

/** Influx line protocol: measurement, tags, fields, and perhaps a time. */
const LINE_PROTOCOL = /^[^\s,{["#]+(?:,[^\s,=]+=[^\s,=]+)*\s[^\s,=]+=\S/;
const DECIMAL_COMMA = /^[+-]?\d+,\d{1,3}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u0008\u000e-\u001f]/;
const CSV_CELLS_MAX = 200;
/** CBOR begins a map with these bytes, which are something else in MessagePack. */
const CBOR_MAP = [0xa0, 0xbf] as const;
/** Shorter binary payloads are too easily something by chance. */
const BARE_BYTES_MIN = 3;

/** Reads the payloads of all topics: of Sparkplug, births tell what other topics' data mean. */
export class PayloadReader {
  readonly #decoders = new Map<
    Format,
    readonly [numbers: PayloadDecoder, symbols: PayloadDecoder]
  >();

  read(message: Message): Reading {
    const format = this.#formatOf(message);
    if (typeof format === 'object') return format;
    const { values, fault } = this.#decode(message, format);
    if (values.size === 0 && format !== 'sparkplug') {
      return { format: undefined, fault: fault ?? 'holds no value' };
    }
    return { format, values: [...values.values()] };
  }

  #formatOf(message: Message): Format | { format: undefined; fault: string } {
    if (message.topic.startsWith('spBv1.0/')) {
      const { reason, fault } = this.#decode(message, 'sparkplug');
      const others = ['command', 'state', 'bad_topic'];
      if (reason === undefined || ![...others, 'not_sparkplug'].includes(reason))
        return 'sparkplug';
      if (others.includes(reason)) return unknown(fault!);
    }
    const text = decodeText(message.payload);
    if (typeof text !== 'string' || CONTROL.test(text)) return this.#binary(message);
    const trimmed = text.trim();
    if (LINE_PROTOCOL.test(trimmed) && this.#decode(message, 'line_protocol').values.size > 0) {
      return 'line_protocol';
    }
    return textFormat(trimmed);
  }

  #binary(message: Message): Format | { format: undefined; fault: string } {
    const [first = 0] = message.payload;
    const isCborMap = first >= CBOR_MAP[0] && first <= CBOR_MAP[1];
    const formats = isCborMap ? (['cbor', 'msgpack'] as const) : (['msgpack', 'cbor'] as const);
    for (const format of formats) {
      const { values, fault } = this.#decode(message, format);
      const isBare = values.size === 1 && values.has(keyOf('', undefined));
      if (values.size === 0 || fault !== undefined) continue;
      if (!isBare || message.payload.length >= BARE_BYTES_MIN) return format;
    }
    return unknown(`binary, of a form that is not known (${hex(message.payload)})`);
  }

  /** Every value, or what is wrong with the whole payload. */
  #decode(message: Message, format: Format): Decoded {
    const [numbers, symbols] = this.#decodersOf(format);
    const values = new Map<string, FieldValue>();
    let reason: string | undefined;
    let fault: string | undefined;
    const sink: FieldSink = {
      sample: (field, _time, value, origin) => {
        values.set(keyOf(field, origin?.key), { field, origin: origin?.key, value });
      },
      reject: (field, rejection) => {
        if (field === undefined) {
          reason ??= rejection.reason;
          fault ??= rejection.detail;
        } else if (rejection.reason === 'empty') {
          values.set(keyOf(field, undefined), { field, origin: undefined, value: null });
        }
      },
      tell: () => {},
    };
    symbols.decode(message, sink);
    if (format !== 'text') numbers.decode(message, { ...sink, reject: () => {} });
    return { values, reason, fault };
  }

  #decodersOf(format: Format): readonly [PayloadDecoder, PayloadDecoder] {
    let pair = this.#decoders.get(format);
    if (!pair) {
      // A number alone has no reader for symbols: as text it is one.
      const asSymbol = format === 'number' ? 'text' : format;
      pair = [
        decoder('number', format === 'text' ? 'number' : format),
        decoder('symbol', asSymbol),
      ];
      this.#decoders.set(format, pair);
    }
    return pair;
  }
}

/** Of a value among all of one topic. */
export function keyOf(field: string, origin: string | undefined): string {
  return origin === undefined ? field : `${origin}\u0000${field}`;
}

function decoder(kind: StreamConfig['kind'], payload: Format): PayloadDecoder {
  const topic = payload === 'sparkplug' ? 'spBv1.0/#' : '#';
  return createDecoder(streamSchema.parse({ topic, kind, payload, time: 'receive' }));
}

function textFormat(text: string): Format | { format: undefined; fault: string } {
  if (text === '') return unknown('empty');
  if (typeof parseNumber(text) === 'number') return 'number';
  if (/^[{["]/.test(text)) {
    return isJson(text) ? 'json' : unknown(`broken JSON: ${excerpt(text)}`);
  }
  if (DECIMAL_COMMA.test(text)) {
    return unknown(`a number with a decimal comma (${text}); a point is read`);
  }
  if (isCsv(text)) return 'csv';
  if (/^[^,]*;[^,]*\d/.test(text)) {
    return unknown(`values parted by semicolons (${excerpt(text)}); commas are read`);
  }
  return 'text';
}

function unknown(fault: string): { format: undefined; fault: string } {
  return { format: undefined, fault };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Several cells, at least one of them a number. */
function isCsv(text: string): boolean {
  const cells = text.split(/\r?\n/, 1)[0]!.split(',');
  if (cells.length < 2 || cells.length > CSV_CELLS_MAX) return false;
  return cells.some((cell) => typeof parseNumber(cell) === 'number');
}

function hex(payload: Uint8Array): string {
  const begin = Buffer.from(payload.subarray(0, 8)).toString('hex');
  return payload.length > 8 ? `${begin}…` : begin;
}
