import type { SeriesRow } from './overview.ts';

/** What one wants to see first: the worst forecasts, and the largest of everything else. */
const SORTS = {
  name: undefined,
  stream: undefined,
  newest: { of: (row: SeriesRow) => row.newestMs, sign: -1 },
  samples: { of: (row: SeriesRow) => row.learned, sign: -1 },
  skill: { of: (row: SeriesRow) => row.skill, sign: 1 },
  coverage: { of: (row: SeriesRow) => row.coverage, sign: 1 },
  age: { of: (row: SeriesRow) => row.savedMs, sign: 1 },
  after: { of: (row: SeriesRow) => row.after, sign: -1 },
  bytes: { of: (row: SeriesRow) => row.bytes, sign: -1 },
} as const;

export type SortKey = keyof typeof SORTS;
export const SORT_KEYS = Object.keys(SORTS) as SortKey[];

/** What is not known comes last; what is equal, by name. */
export function sorted(rows: readonly SeriesRow[], key: SortKey): SeriesRow[] {
  const byName = rows.toSorted((a, b) => compare(a.name, b.name));
  if (key === 'name') return byName;
  if (key === 'stream') return byName.sort((a, b) => compare(a.stream, b.stream));
  const { of, sign } = SORTS[key];
  return byName.sort((a, b) => {
    const [x, y] = [of(a), of(b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    return sign * (x - y);
  });
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
