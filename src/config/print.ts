import { stringify } from 'yaml';
import { formatDuration, formatPeriod, type Period } from './duration.ts';
import { mapBySchema } from './json-schema.ts';
import { KIND } from './kinds.ts';
import type { Config } from './schema.ts';

const SECRET = '***';

/** The resolved configuration as a user would write it: durations as text, secrets hidden. */
export function printConfig(config: Config, format: 'yaml' | 'json'): string {
  const plain = mapBySchema(config, (node, value) => {
    if (node.title === KIND.secret) return value === undefined ? undefined : SECRET;
    const isDuration = [node, ...(node.anyOf ?? [])].some(({ title }) => title === KIND.duration);
    if (isDuration && typeof value === 'number') return formatDuration(value);
    if (node.title === KIND.period && typeof value === 'object')
      return formatPeriod(value as Period);
    return undefined;
  });
  return format === 'json' ? `${JSON.stringify(plain, null, 2)}\n` : stringify(plain);
}
