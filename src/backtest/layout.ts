/** Where the time and the numbers of a recording are, told by its first messages. */
import { judgeCadence } from '../align/cadence.ts';
import { formatDuration } from '../config/duration.ts';
import { createJsonDecoder } from '../decode/json.ts';
import { parseNumber } from '../decode/number-text.ts';
import { TIME_FIELDS, type TimeRule } from '../decode/settings.ts';
import { parseTimeMs } from '../decode/time.ts';
import type { Message, Row } from '../source/source.ts';

/** So many of the cells of a column must be numbers or times for it to hold such. */
const SHARE_MIN = 0.9;
const DAY_MS = 86_400_000;

export interface Layout {
  /** Field of the time; undefined: there is none. `receive`: the recording says when. */
  readonly time: TimeRule | undefined;
  /** Columns or fields with numbers, in order. */
  readonly numeric: readonly string[];
  /** All of them, for error messages. */
  readonly all: readonly string[];
  /** Messages recorded from a broker, with topics of their own. */
  readonly recorded: boolean;
}

export type TimeReader = (message: Message) => number | undefined;

/** @param timeField the column or field that the user names */
export function layoutOf(head: readonly Message[], timeField?: string): Layout {
  const rows = head.flatMap((message) => message.row ?? []);
  return rows.length > 0 ? csvLayout(rows, timeField) : jsonLayout(head, timeField);
}

/** Reads the event time of a message; undefined where it has none. */
export function timeReader({ time }: Layout): TimeReader {
  if (!time) return () => undefined;
  const json = createJsonDecoder({ kind: 'number', values: '*', time, columns: undefined });
  return (message) => {
    const { row } = message;
    if (row && time.kind === 'field') {
      return parseTimeMs(row.cells[row.columns.indexOf(time.field)], time.unit);
    }
    let found: number | undefined;
    json.decode(message, {
      sample: (_, timeMs) => {
        found ??= timeMs;
      },
      reject: () => {},
      tell: () => {},
    });
    return found ?? (message.undated ? undefined : message.receivedMs);
  };
}

/** The cadence as a period that a configuration takes; undefined where the times tell none. */
export function cadenceOf(timesMs: readonly number[]): string | undefined {
  const times = [...new Set(timesMs)].sort((a, b) => a - b);
  if (times.length < 3) return undefined;
  const steps = times.slice(1).map((time, i) => time - times[i]!);
  const months = monthsOf(steps);
  if (months !== undefined) return months % 12 === 0 ? `${months / 12}y` : `${months}mo`;
  const settings = {
    every: undefined,
    aggregate: 'auto',
    latenessMs: 0,
    gapStepsMax: 1,
    aheadStepsMax: 1,
    receiveTime: false,
  } as const;
  return formatDuration(judgeCadence(times, settings).grid.everyMs);
}

/** Calendar months between first days; undefined where the steps are no months. */
function monthsOf(steps: readonly number[]): number | undefined {
  const median = steps.toSorted((a, b) => a - b)[steps.length >> 1]! / DAY_MS;
  const months = Math.round(median / 30.4375);
  if (months < 1) return undefined;
  const least = 28 * months;
  const fits = steps.filter((ms) => ms / DAY_MS >= least && ms / DAY_MS <= 31 * months);
  const vary = new Set(steps).size > 1;
  return vary && fits.length >= SHARE_MIN * steps.length ? months : undefined;
}

function csvLayout(rows: readonly Row[], timeField: string | undefined): Layout {
  const all = rows[0]!.columns;
  const cells = (column: string): string[] => {
    const index = all.indexOf(column);
    return rows.flatMap((row) => row.cells[index]?.trim() || []);
  };
  const time = timeField ?? timeColumn(all, cells);
  const isNumber = (cell: string): boolean => typeof parseNumber(cell) === 'number';
  return {
    time: time === undefined || !all.includes(time) ? undefined : fieldTime(time),
    numeric: all.filter((column) => column !== time && mostly(cells(column), isNumber)),
    all,
    recorded: false,
  };
}

/** By name, else the first column of ISO times, else a first column of epoch times. */
function timeColumn(
  columns: readonly string[],
  cells: (column: string) => string[],
): string | undefined {
  for (const name of TIME_FIELDS) {
    const found = columns.find((column) => column.toLowerCase() === name);
    if (found !== undefined) return found;
  }
  const isIso = (cell: string): boolean => parseTimeMs(cell, 'iso') !== undefined;
  const dated = columns.find((column) => mostly(cells(column), isIso));
  if (dated !== undefined) return dated;
  const [first = ''] = columns;
  const numbers = cells(first).map(Number);
  const isEpoch =
    numbers.length > 1 && numbers.every((n, i) => n > 1e8 && n >= (numbers[i - 1] ?? n));
  return isEpoch ? first : undefined;
}

function jsonLayout(head: readonly Message[], timeField: string | undefined): Layout {
  const recorded = head.some((message) => !message.undated);
  const rule: TimeRule = timeField === undefined ? { kind: 'auto' } : fieldTime(timeField);
  const names = new Set<string>();
  let dated = false;
  const decoder = createJsonDecoder({
    kind: 'number',
    values: '*',
    time: rule,
    columns: undefined,
  });
  for (const message of head) {
    decoder.decode(message, {
      sample: (field, timeMs) => {
        names.add(field);
        dated ||= timeMs !== undefined || !message.undated;
      },
      reject: () => {},
      tell: () => {},
    });
  }
  const numeric = [...names];
  return { time: dated ? rule : undefined, numeric, all: numeric, recorded };
}

function fieldTime(field: string): TimeRule {
  return { kind: 'field', field, unit: 'auto' };
}

function mostly(cells: readonly string[], fits: (cell: string) => boolean): boolean {
  return cells.length > 0 && cells.filter(fits).length >= SHARE_MIN * cells.length;
}
