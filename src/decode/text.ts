import type { Rejection } from './decoder.ts';
import { invalid } from './number-text.ts';

/** Longer payloads are no samples. */
export const PAYLOAD_BYTES_MAX = 1 << 20;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** A payload as text without a byte order mark, or why it is none. */
export function decodeText(payload: Uint8Array): string | Rejection {
  if (payload.length > PAYLOAD_BYTES_MAX) {
    return invalid('too_long', `${payload.length} bytes; at most ${PAYLOAD_BYTES_MAX} are read`);
  }
  try {
    return utf8.decode(payload);
  } catch {
    return invalid('not_utf8', 'the payload is not UTF-8 text');
  }
}
