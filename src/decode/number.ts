/** Plain numbers: `21.5`. */
import type { Message } from '../source/source.ts';
import type { FieldSink, PayloadDecoder } from './decoder.ts';
import { parseNumber } from './number-text.ts';
import { decodeText } from './text.ts';

export function createNumberDecoder(): PayloadDecoder {
  return {
    decode(message: Message, sink: FieldSink): void {
      const text = decodeText(message.payload);
      if (typeof text !== 'string') return sink.reject(undefined, text);
      const value = parseNumber(text);
      if (typeof value === 'number') sink.sample('', undefined, value);
      else sink.reject(undefined, value);
    },
  };
}
