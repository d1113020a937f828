import { parseConfig } from '../../src/config/load.ts';
import type { StreamConfig } from '../../src/config/schema.ts';
import type { Rejection } from '../../src/decode/decoder.ts';
import { createDecoder } from '../../src/decode/registry.ts';
import type { Message } from '../../src/source/source.ts';

const streams = new Map<string, StreamConfig>();

/** A stream as a configuration would give it. */
export function streamConfig(yaml: string): StreamConfig {
  const known = streams.get(yaml);
  if (known) return known;
  const stream = parseConfig(`streams: [{ ${yaml} }]`, 'test.yaml', {}, '.').streams[0]!;
  streams.set(yaml, stream);
  return stream;
}

export function message(payload: string | Uint8Array, more: Partial<Message> = {}): Message {
  const bytes = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
  return {
    topic: 'a/b',
    payload: bytes,
    receivedMs: 1_000,
    retained: false,
    where: 'topic a/b',
    ...more,
  };
}

export type Decoded =
  | readonly [field: string, timeMs: number | undefined, value: number | string]
  | readonly [field: string | undefined, rejection: string];

/** A decoder of a stream: what it makes of each message, samples, and rejections as `verdict reason`. */
export function decoding(
  yaml: string,
  onDetail: (detail: string) => void = () => {},
  onTrouble: (trouble: string) => void = () => {},
): (from: Message) => Decoded[] {
  const decoder = createDecoder(streamConfig(yaml));
  return (from) => {
    const found: Decoded[] = [];
    decoder.decode(from, {
      sample: (field, timeMs, value) => void found.push([field, timeMs, value]),
      reject(field, { verdict, reason, detail }: Rejection) {
        found.push([field, `${verdict} ${reason}`]);
        onDetail(detail);
      },
      tell: ({ kind, group, node }) => onTrouble(`${kind} ${group}/${node}`),
    });
    return found;
  };
}

/** The same of one message alone. */
export function decode(yaml: string, from: Message | string | Uint8Array): Decoded[] {
  const whole = typeof from === 'string' || from instanceof Uint8Array ? message(from) : from;
  return decoding(yaml)(whole);
}
