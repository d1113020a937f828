import { isUtf8 } from 'node:buffer';
import { recordedTimeMs } from './recorded-time.ts';

/** A message as it was written down, in our form or as `mosquitto_sub -F %j` prints it. */
export interface RecordedMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly timeMs: number | undefined;
  readonly retained: boolean;
}

/**
 * Reads `{"topic", "payload" or "payload_base64", "time"?, "retain"?}`; for `mosquitto_sub -F %j`
 * the time is `tst`. Undefined where the line is anything else: plain JSON, or nothing sound.
 */
export function parseRecordedMessage(line: Buffer): RecordedMessage | undefined {
  if (!line.includes('"topic"') || !isUtf8(line)) return undefined;
  let record: unknown;
  try {
    record = JSON.parse(line.toString());
  } catch {
    // Not a record: the line itself is then the payload, and its decoder says what is wrong.
    return undefined;
  }
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return undefined;
  const fields = new Map<string, unknown>(Object.entries(record));
  const topic = fields.get('topic');
  const payload = payloadBytes(fields);
  if (typeof topic !== 'string' || !payload) return undefined;
  return {
    topic,
    payload,
    timeMs: recordedTimeMs(fields.get('time') ?? fields.get('tst')),
    retained: fields.get('retain') === 1 || fields.get('retain') === true,
  };
}

function payloadBytes(fields: ReadonlyMap<string, unknown>): Buffer | undefined {
  const base64 = fields.get('payload_base64');
  if (typeof base64 === 'string') {
    return /^[A-Za-z0-9+/]*={0,2}$/.test(base64) ? Buffer.from(base64, 'base64') : undefined;
  }
  if (!fields.has('payload')) return undefined;
  const payload = fields.get('payload');
  if (typeof payload === 'string') return Buffer.from(payload);
  // Mosquitto writes an empty payload as null.
  if (payload === null && fields.get('payloadlen') === 0) return Buffer.alloc(0);
  try {
    return Buffer.from(JSON.stringify(payload));
  } catch {
    // Nested so deep that it cannot be written again.
    return undefined;
  }
}
