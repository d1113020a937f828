/** JSON payloads. */
import type { Message } from '../source/source.ts';
import type { FieldSink, PayloadDecoder, Rejection } from './decoder.ts';
import { EMPTY, excerpt, invalid } from './number-text.ts';
import { ObjectReader } from './object.ts';
import type { DecodeSettings } from './settings.ts';
import { decodeText } from './text.ts';

export function createJsonDecoder(settings: DecodeSettings): PayloadDecoder {
  const reader = new ObjectReader(settings);
  return {
    decode(message: Message, sink: FieldSink): void {
      const text = decodeText(message.payload);
      if (typeof text !== 'string') return sink.reject(undefined, text);
      let root: unknown;
      try {
        root = JSON.parse(text);
      } catch {
        return sink.reject(undefined, text.trim() === '' ? EMPTY : notJson(text));
      }
      reader.read(root, sink);
    },
  };
}

function notJson(text: string): Rejection {
  return invalid('not_json', `the payload is not JSON: ${excerpt(text)}`);
}
