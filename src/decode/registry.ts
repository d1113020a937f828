import type { StreamConfig } from '../config/schema.ts';
import { createCsvDecoder } from './csv.ts';
import type { PayloadDecoder } from './decoder.ts';
import { createJsonDecoder } from './json.ts';
import { createNumberDecoder } from './number.ts';
import { type DecodeSettings, decodeSettings } from './settings.ts';

const FORMATS: Record<StreamConfig['payload'], (settings: DecodeSettings) => PayloadDecoder> = {
  json: createJsonDecoder,
  number: createNumberDecoder,
  csv: createCsvDecoder,
};

export function createDecoder(stream: StreamConfig): PayloadDecoder {
  return FORMATS[stream.payload](decodeSettings(stream));
}
