import type { StreamConfig } from './schema.ts';

/** With more, what they say of each other no longer pays for itself. */
const CHANNELS_MAX = 16;

/** The fields that are learned together, in order; empty where each is learned alone. */
export function channelsTogether(stream: StreamConfig): readonly string[] {
  const { kind, channels, values, every } = stream;
  // What states say of each other is not learned.
  if (kind === 'symbol') return [];
  if (channels !== 'together' || !Array.isArray(values) || every === undefined) return [];
  return values.length >= 2 && values.length <= CHANNELS_MAX ? values : [];
}
