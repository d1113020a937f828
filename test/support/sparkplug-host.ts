import { type Decoded, decoding, message } from './decode.ts';
import { sparkplug, type TestPayload } from './sparkplug.ts';

export const STREAM = 'topic: "spBv1.0/#", payload: sparkplug';

/** One stream: what it makes of each message, and what it told of nodes. */
export function host(more = '') {
  const troubles: string[] = [];
  const details: string[] = [];
  const decode = decoding(
    STREAM + more,
    (detail) => details.push(detail),
    (trouble) => troubles.push(trouble),
  );
  const send = (topic: string, payload: TestPayload | Uint8Array): Decoded[] => {
    const bytes = payload instanceof Uint8Array ? payload : sparkplug(payload);
    return decode(message(bytes, { topic: `spBv1.0/${topic}` }));
  };
  return { send, troubles, details };
}
