export const TABLES = [
  /** First offset of a record → entries (journal/lmdb.ts). */
  'journal',
  /** First offset of a record → the deliveries that it covers. */
  'deliveries',
  /** Series id → SeriesInfo. */
  'series',
  /** [series id, code] → a symbol's name. */
  'symbols',
  /** Group id → what is known of its state without reading it. */
  'heads',
  /** Group id → its state. */
  'states',
  /** [number of the first point, points, bytes, ms when written] → points that wait (chunk.ts). */
  'outbox',
  /** Single values by name. */
  'meta',
] as const;

export type TableName = (typeof TABLES)[number];
export type Key = number | string | number[];

/** Goes into a value's checksum, so that no value can be taken for another's. */
export function placeOf(table: TableName, key: Key): string {
  return `${table} ${JSON.stringify(key)}`;
}
