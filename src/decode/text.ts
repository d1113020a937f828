import type { Rejection } from './decoder.ts';
import { invalid } from './number-text.ts';

/** Longer payloads are no samples. */
const PAYLOAD_BYTES_MAX = 1 << 20;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Why a payload is not even looked at. */
export function sizeFault({ length }: Uint8Array): Rejection | undefined {
  if (length <= PAYLOAD_BYTES_MAX) return undefined;
  return invalid('too_long', `${length} bytes; at most ${PAYLOAD_BYTES_MAX} are read`);
}

/** A payload as text without a byte order mark, or why it is none. */
export function decodeText(payload: Uint8Array): string | Rejection {
  const fault = sizeFault(payload);
  if (fault) return fault;
  try {
    return utf8.decode(payload);
  } catch {
    return invalid('not_utf8', 'the payload is not UTF-8 text');
  }
}
