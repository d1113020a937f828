/** Symbols: states or classes, as text, numbers or booleans. */
import type { Message } from '../source/source.ts';
import type { FieldSink, PayloadDecoder, Rejection } from './decoder.ts';
import { checkNumber, EMPTY, excerpt, invalid } from './number-text.ts';
import { describeObject } from './opaque.ts';
import { decodeText } from './text.ts';

/** Databases index symbols; a longer one is no state. */
const SYMBOL_BYTES_MAX = 256;

/** The text of a cell or a plain payload as a symbol, or why not. White space around it is none. */
export function parseSymbol(text: string): string | Rejection {
  const symbol = text.trim();
  if (symbol === '') return EMPTY;
  if (Buffer.byteLength(symbol) > SYMBOL_BYTES_MAX) {
    return invalid('too_long', `symbol ${excerpt(symbol)} is over ${SYMBOL_BYTES_MAX} bytes`);
  }
  if (symbol.isWellFormed()) return symbol;
  return invalid('not_symbol', `symbol ${excerpt(symbol)} has half a character`);
}

/** A value of JSON, or like those, as a symbol, or why not: a number is its shortest text, `true` and `false` theirs. */
export function checkSymbol(value: unknown): string | Rejection {
  switch (typeof value) {
    case 'string':
      return parseSymbol(value);
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'number': {
      const number = checkNumber(value);
      return typeof number === 'number' ? String(number) : number;
    }
    default:
      if (value === null) return EMPTY;
      return invalid(
        'not_symbol',
        `expected a text, number or boolean, found ${describeObject(value)}`,
      );
  }
}

/** Plain symbols: `washing`. */
export function createTextDecoder(): PayloadDecoder {
  return {
    decode(message: Message, sink: FieldSink): void {
      const text = decodeText(message.payload);
      if (typeof text !== 'string') return sink.reject(undefined, text);
      const symbol = parseSymbol(text);
      if (typeof symbol === 'string') sink.sample('', undefined, symbol);
      else sink.reject(undefined, symbol);
    },
  };
}
