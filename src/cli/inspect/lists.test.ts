import { describe, expect, it } from 'vitest';
import { ageText, bytesText } from './cells.ts';
import { closest } from './closest.ts';
import type { SeriesRow } from './overview.ts';
import { SORT_KEYS, type SortKey, sorted } from './sort.ts';

function row(name: string, over: Partial<SeriesRow> = {}): SeriesRow {
  const nothing = { newestMs: null, learned: null, skill: null, coverage: null };
  const unsaved = { savedMs: null, offset: null, after: null, bytes: null };
  return { id: 0, name, stream: 's', ...nothing, ...unsaved, ...over };
}

describe('sorted', () => {
  const rows = [
    row('c', { skill: 0.5, bytes: 10, savedMs: 3, stream: 'x' }),
    row('new'),
    row('b', { skill: -0.5, bytes: 30, savedMs: 9, stream: 'x' }),
    row('a', { skill: 0.5, bytes: 20, savedMs: 6, stream: 'y' }),
  ];

  it.each<[SortKey, string]>([
    ['name', 'a b c new'],
    ['stream', 'new b c a'],
    ['skill', 'b a c new'],
    ['bytes', 'b a c new'],
    ['age', 'c a b new'],
  ])('by %s: %s', (key, names) => {
    const found = sorted(rows, key).map(({ name }) => name);
    expect(found.join(' ')).toBe(names);
  });

  it('leaves none out, whatever the order', () => {
    for (const key of SORT_KEYS) expect(sorted(rows, key)).toHaveLength(rows.length);
  });
});

describe('closest', () => {
  const names = ['hall/temperature', 'hall/humidity', 'press/bar', 'press/kw'];

  it.each([
    ['hall/temprature', ['hall/temperature']],
    ['PRESS', ['press/kw', 'press/bar']],
    ['pres/bar', ['press/bar']],
    ['something else', []],
  ])('%s: %j', (name, found) => {
    expect(closest(name, names)).toEqual(found);
  });
});

describe('cells', () => {
  it('are short', () => {
    expect([0, 119_000, 7_200_000, 90 * 3_600_000].map(ageText)).toEqual([
      '0s',
      '119s',
      '2h',
      '3d',
    ]);
    expect([9, 2_048, 300_000, 5e7].map(bytesText)).toEqual([
      '9 B',
      '2.0 KiB',
      '293 KiB',
      '47.7 MiB',
    ]);
  });
});
