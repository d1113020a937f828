/**
 * Lines of InfluxDB line protocol, as InfluxDB 1.x reads them: a separator counts where no backslash
 * stands before it; of backslashes only those before separators go, and in texts those before `"` and
 * `\`.
 */
import type { Rejection } from './decoder.ts';
import { checkNumber, excerpt, invalid, notNumber } from './number-text.ts';

export interface Line {
  readonly measurement: string;
  /** In the line's order. */
  readonly tags: ReadonlyMap<string, string>;
  readonly fields: readonly LineField[];
  /** Digits, as they stand there. */
  readonly time: string | undefined;
}

export interface LineField {
  readonly name: string;
  readonly value: number | bigint | string | boolean | Rejection;
}

const MEASUREMENT = /(?:[^, ]|(?<=\\)[, ])+/y;
const TAG = /,((?:[^,= ]|(?<=\\)[,= ])+)(?<!\\)=((?:[^,= ]|(?<=\\)[,= ])+)/y;
const SPACES = / +/y;
const FIELD = /((?:[^,= ]|(?<=\\)[,= ])+)(?<!\\)=("(?:[^"\\]|\\[\s\S])*"|[^,"\s][^, ]*)/y;
const COMMA = /,/y;
const TIME = /(?: +(-?\d{1,19}))?\s*$/y;

const INTEGER = /^-?\d{1,20}i$/;
const UNSIGNED = /^\d{1,20}u$/;
const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const NOT_FINITE = /^[+-]?(?:nan|inf|infinity)$/i;
const TRUE = /^(?:t|T|true|True|TRUE)$/;
const FALSE = /^(?:f|F|false|False|FALSE)$/;

/**
 * Where the line that begins at `from` ends: a line end in a quoted text is part of the text.
 * @returns the place of the line end, or of the end of it all
 */
export function endOfLine(text: string, from: number): number {
  const plain = text.indexOf('\n', from);
  const end = plain < 0 ? text.length : plain;
  // Quotes of comments, measurements and tags are characters like others.
  if (text[from] === '#' || !text.slice(from, end).includes('"')) return end;
  let at = from;
  while (at < end && !(text[at] === ' ' && text[at - 1] !== '\\')) at++;
  let isQuoted = false;
  for (; at < text.length; at++) {
    if (text[at] === '\n' && !isQuoted) return at;
    if (text[at] === '\\' && isQuoted) at++;
    // A text begins right behind the equals sign of its field.
    else if (text[at] === '"') isQuoted = !isQuoted && text[at - 1] === '=';
  }
  // Without the quote that ends a text, that line alone is wrong.
  return isQuoted ? end : text.length;
}

/** The line, or what is wrong with it: thrown, a line of noise would cost more than a sound one. */
export function parseLine(text: string): Line | Rejection {
  const at = { text, index: 0 };
  const measurement = match(MEASUREMENT, at)?.[0];
  if (measurement === undefined) return badLine('begins with no measurement');
  const tags = new Map<string, string>();
  for (let tag = match(TAG, at); tag; tag = match(TAG, at)) {
    const key = unescapeKey(tag[1]!);
    if (tags.has(key)) return badLine(`has the tag ${excerpt(key)} twice`);
    tags.set(key, unescapeKey(tag[2]!));
  }
  if (!match(SPACES, at)) return badLine(`expected a tag or a space ${shown(at)}`);
  const fields: LineField[] = [];
  do {
    const field = match(FIELD, at);
    if (!field) return badLine(`expected a field, key=value, ${shown(at)}`);
    fields.push({ name: unescapeKey(field[1]!), value: readValue(field[2]!) });
  } while (match(COMMA, at));
  const time = match(TIME, at);
  if (!time) return badLine(`expected a whole number, the time, ${shown(at)}`);
  return {
    measurement: measurement.replace(/\\([, ])/g, '$1'),
    tags,
    fields,
    time: time[1],
  };
}

interface Place {
  readonly text: string;
  index: number;
}

function match(pattern: RegExp, at: Place): RegExpExecArray | null {
  pattern.lastIndex = at.index;
  const found = pattern.exec(at.text);
  if (found) at.index += found[0].length;
  return found;
}

function shown({ text, index }: Place): string {
  return index === text.length ? 'at its end' : `at ${excerpt(text.slice(index))}`;
}

function readValue(text: string): LineField['value'] {
  if (text.startsWith('"')) return text.slice(1, -1).replace(/\\(["\\])/g, '$1');
  if (INTEGER.test(text)) return within(text, -(2n ** 63n), 2n ** 63n - 1n);
  if (UNSIGNED.test(text)) return within(text, 0n, 2n ** 64n - 1n);
  if (FLOAT.test(text)) return Number(text);
  if (TRUE.test(text)) return true;
  if (FALSE.test(text)) return false;
  const number = NOT_FINITE.test(text) ? checkNumber(Number.NaN) : notNumber(text);
  return number as Rejection;
}

/** Exactly; a bigint only where a number is none. */
function within(text: string, min: bigint, max: bigint): number | bigint | Rejection {
  const digits = text.slice(0, -1);
  if (Number.isSafeInteger(Number(digits))) return Number(digits);
  const value = BigInt(digits);
  return value >= min && value <= max ? value : invalid('too_large', `${text} is over 64 bits`);
}

function unescapeKey(text: string): string {
  return text.includes('\\') ? text.replace(/\\([,= ])/g, '$1') : text;
}

function badLine(what: string): Rejection {
  return invalid('bad_line', what);
}
