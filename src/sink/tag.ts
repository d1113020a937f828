/**
 * Tags of line protocol, and their escaping. A tag value cannot hold a line end, and a backslash at its
 * end would escape the separator that follows: those are percent-encoded (`%0A`, `%5C`). An empty tag
 * is left out, which InfluxDB takes as the same.
 */
import { percentEncoder } from './percent.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must not be written.
const encodeUnsafe = percentEncoder(/[\0-\x1F\x7F]|\\$/);

/** A tag value as it is stored: what a query must ask for. */
export function storedTag(value: string): string {
  return encodeUnsafe(value);
}

/** `,series=S`, escaped; empty for an empty value. */
export function tagText(key: string, value: string): string {
  if (value === '') return '';
  return `,${key}=${storedTag(value).replace(/[,= ]/g, '\\$&')}`;
}
