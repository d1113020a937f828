/** CSV: a row of a file, or the lines of a payload without a header. */
import { parse } from 'csv-parse/sync';
import type { Message, Row } from '../source/source.ts';
import type { FieldSink, PayloadDecoder, Rejection } from './decoder.ts';
import { EMPTY, excerpt, invalid, parseNumber } from './number-text.ts';
import { type DecodeSettings, TIME_FIELDS } from './settings.ts';
import { parseSymbol } from './symbol-text.ts';
import { decodeText } from './text.ts';
import { parseTimeMs, type TimeUnit } from './time.ts';

/** Where to look in rows with one set of columns. */
interface Layout {
  readonly columns: readonly string[];
  /** Values to take; `index` −1 where there is no such column. */
  readonly fields: readonly { readonly name: string; readonly index: number }[];
  /** undefined: time of arrival. */
  readonly time: { readonly name: string; readonly index: number; unit: TimeUnit } | undefined;
}

export function createCsvDecoder(settings: DecodeSettings): PayloadDecoder {
  return new CsvDecoder(settings);
}

class CsvDecoder implements PayloadDecoder {
  readonly #settings: DecodeSettings;
  /** Of the newest columns: those of a file never change. */
  #layout: Layout | undefined;

  constructor(settings: DecodeSettings) {
    this.#settings = settings;
  }

  decode(message: Message, sink: FieldSink): void {
    if (message.row) return this.#row(message.row, sink);
    const text = decodeText(message.payload);
    if (typeof text !== 'string') return sink.reject(undefined, text);
    const rows = splitRows(text);
    if (!rows) return sink.reject(undefined, invalid('not_csv', `not CSV: ${excerpt(text)}`));
    if (rows.length === 0) return sink.reject(undefined, EMPTY);
    for (const cells of rows) {
      this.#row({ columns: this.#settings.columns ?? numbered(cells.length), cells }, sink);
    }
  }

  #row({ columns, cells }: Row, sink: FieldSink): void {
    if (cells.length !== columns.length) {
      const detail = `expected ${columns.length} cells (${names(columns)}), found ${cells.length}`;
      return sink.reject(undefined, invalid('wrong_cells', detail));
    }
    const { fields, time } = this.#layoutOf(columns);
    let timeMs: number | undefined;
    if (time) {
      timeMs = parseTimeMs(cells[time.index], time.unit);
      if (timeMs === undefined) return sink.reject(undefined, timeFault(time, columns, cells));
    }
    if (fields.length === 0) {
      const detail = 'no column beside the time; is the delimiter right?';
      sink.reject(undefined, invalid('no_field', detail));
    }
    const isSymbol = this.#settings.kind === 'symbol';
    for (const { name, index } of fields) {
      const cell = cells[index];
      if (cell === undefined) {
        const detail = `no column "${name}"; there are ${names(columns)}`;
        sink.reject(name, invalid('no_field', detail));
        continue;
      }
      const value = isSymbol ? parseSymbol(cell) : parseNumber(cell);
      if (typeof value === 'object') sink.reject(name, value);
      else sink.sample(name, timeMs, value);
    }
  }

  #layoutOf(columns: readonly string[]): Layout {
    if (this.#layout?.columns !== columns) this.#layout = layout(columns, this.#settings);
    return this.#layout;
  }
}

function timeFault(
  { name, index, unit }: NonNullable<Layout['time']>,
  columns: readonly string[],
  cells: readonly string[],
): Rejection {
  if (index < 0) {
    return invalid('no_time', `no column "${name}" for the time; there are ${names(columns)}`);
  }
  const shown = excerpt(cells[index]!);
  return invalid('bad_time', `column "${name}": ${shown} is no time in unit ${unit}`);
}

/** Column names, as far as a message has room for them. */
function names(columns: readonly string[]): string {
  return excerpt(columns.join(', '));
}

function layout(columns: readonly string[], { values, time }: DecodeSettings): Layout {
  let timeColumn: Layout['time'];
  if (time.kind === 'field') {
    timeColumn = { name: time.field, index: columnOf(columns, time.field), unit: time.unit };
  } else if (time.kind === 'auto') {
    const name = TIME_FIELDS.find((field) => columns.includes(field));
    if (name) timeColumn = { name, index: columns.indexOf(name), unit: 'auto' };
  }
  const names = values === '*' ? columns.filter((_, i) => i !== timeColumn?.index) : values;
  const fields = names.map((name) => ({ name, index: columnOf(columns, name) }));
  return { columns, fields, time: timeColumn };
}

/** By name, or by number from 1. */
function columnOf(columns: readonly string[], name: string): number {
  const index = columns.indexOf(name);
  if (index >= 0 || !/^[1-9]\d*$/.test(name)) return index;
  return Number(name) <= columns.length ? Number(name) - 1 : -1;
}

/** undefined when the quotes do not match. */
function splitRows(text: string): string[][] | undefined {
  // Most payloads are one line without quotes, which needs no parser.
  if (!/["\r\n]/.test(text)) return text === '' ? [] : [text.split(',')];
  try {
    return parse(text, { relax_column_count: true, skip_empty_lines: true });
  } catch {
    return undefined;
  }
}

const numberedColumns: string[][] = [];

/** "1", "2", …: the names of columns that have none. The same array each time. */
function numbered(count: number): readonly string[] {
  const columns = numberedColumns[count] ?? Array.from({ length: count }, (_, i) => String(i + 1));
  if (count <= 100) numberedColumns[count] = columns;
  return columns;
}
