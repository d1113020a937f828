import type { StreamConfig } from './schema.ts';

/** With more, what they say of each other no longer pays for itself. */
const CHANNELS_MAX = 16;

/** The fields that are learned together, in order; empty where each is learned alone. */
export function channelsTogether({ channels, values, every }: StreamConfig): readonly string[] {
  if (channels !== 'together' || !Array.isArray(values) || every === undefined) return [];
  return values.length >= 2 && values.length <= CHANNELS_MAX ? values : [];
}
