/** What one payload holds, told by its form alone. The values themselves are read by src/decode. */
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
  /** A number, or the text of anything else; null where the payload has a null. */
  readonly value: number | string | null;
}

/** What a payload is; `fault` says why nothing can be read from it. */
export type Reading =
  | { readonly format: Format; readonly values: readonly FieldValue[] }
  | { readonly format: undefined; readonly fault: string };

/** Influx line protocol: measurement, tags, fields, and perhaps a time. */
const LINE_PROTOCOL = /^[^\s,{["]+(?:,[^\s,=]+=[^\s,=]+)*\s[^\s,=]+=\S.*$/;
const DECIMAL_COMMA = /^[+-]?\d+,\d{1,3}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u0008\u000e-\u001f]/;
/** Longer texts are prose, not states. */
const CSV_CELLS_MAX = 200;

/** Reads the payloads of one topic: formats may keep what a topic has said before. */
export class PayloadReader {
  readonly #decoders = new Map<
    Format,
    readonly [numbers: PayloadDecoder, symbols: PayloadDecoder]
  >();

  read(message: Message): Reading {
    const format = formatOf(message);
    if (typeof format === 'object') return format;
    const values = this.#values(message, format);
    if (typeof values === 'string') return { format: undefined, fault: values };
    return { format, values };
  }

  /** Every value, or what is wrong with the whole payload. */
  #values(message: Message, format: Format): FieldValue[] | string {
    const [numbers, symbols] = this.#decodersOf(format);
    const found = new Map<string, number | string | null>();
    let fault: string | undefined;
    const sink: FieldSink = {
      sample: (field, _time, value) => void found.set(field, value),
      reject: (field, { reason, detail }) => {
        if (field === undefined) fault ??= detail;
        else if (reason === 'empty') found.set(field, null);
      },
    };
    symbols.decode(message, sink);
    if (format !== 'text') numbers.decode(message, { ...sink, reject: () => {} });
    if (found.size === 0) return fault ?? 'holds no value';
    return [...found].map(([field, value]) => ({ field, value }));
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

function decoder(kind: StreamConfig['kind'], payload: Format): PayloadDecoder {
  return createDecoder(streamSchema.parse({ topic: '#', kind, payload, time: 'receive' }));
}

function formatOf({ payload }: Message): Format | { format: undefined; fault: string } {
  const unknown = (fault: string): { format: undefined; fault: string } => ({
    format: undefined,
    fault,
  });
  const text = decodeText(payload);
  if (typeof text !== 'string' || CONTROL.test(text)) {
    return unknown(`binary, of a form that is not known (${hex(payload)})`);
  }
  const trimmed = text.trim();
  if (trimmed === '') return unknown('empty');
  if (typeof parseNumber(trimmed) === 'number') return 'number';
  if (/^[{["]/.test(trimmed)) {
    return isJson(trimmed) ? 'json' : unknown(`broken JSON: ${excerpt(trimmed)}`);
  }
  if (LINE_PROTOCOL.test(trimmed)) return unknown('line protocol of InfluxDB, which is not known');
  if (DECIMAL_COMMA.test(trimmed)) {
    return unknown(`a number with a decimal comma (${trimmed}); a point is read`);
  }
  if (isCsv(trimmed)) return 'csv';
  if (/^[^,]*;[^,]*\d/.test(trimmed)) {
    return unknown(`values parted by semicolons (${excerpt(trimmed)}); commas are read`);
  }
  return 'text';
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
