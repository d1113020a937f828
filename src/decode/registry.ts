import type { StreamConfig } from '../config/schema.ts';
import { createCborDecoder } from './cbor.ts';
import { createCsvDecoder } from './csv.ts';
import type { PayloadDecoder } from './decoder.ts';
import { createJsonDecoder } from './json.ts';
import { createLineProtocolDecoder } from './line-protocol.ts';
import { createMsgpackDecoder } from './msgpack.ts';
import { createNumberDecoder } from './number.ts';
import { type DecodeSettings, decodeSettings } from './settings.ts';
import { createSparkplugDecoder } from './sparkplug.ts';
import { createTextDecoder } from './symbol-text.ts';

const FORMATS: Record<StreamConfig['payload'], (settings: DecodeSettings) => PayloadDecoder> = {
  json: createJsonDecoder,
  number: createNumberDecoder,
  csv: createCsvDecoder,
  text: createTextDecoder,
  cbor: createCborDecoder,
  msgpack: createMsgpackDecoder,
  line_protocol: createLineProtocolDecoder,
  sparkplug: createSparkplugDecoder,
};

/** The decoder of a stream's payloads; rows of a CSV file are what they are, whatever it says. */
export function createDecoder(stream: StreamConfig): PayloadDecoder {
  const settings = decodeSettings(stream);
  const payloads = FORMATS[stream.payload](settings);
  const rows = createCsvDecoder(settings);
  return {
    decode(message, sink) {
      (message.row ? rows : payloads).decode(message, sink);
    },
  };
}
