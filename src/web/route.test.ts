import { describe, expect, it } from 'vitest';
import { type ListChoice, listHash, readRoute, seriesHash } from './route.ts';

const ALL: ListChoice = {
  ...{ search: '', state: null, stream: null, sort: null, descending: false, page: 0 },
};

describe('readRoute', () => {
  it('reads what seriesHash writes, whatever the name holds', () => {
    for (const series of ['a/b c', 'x?lead=3#&%2F', '<img>', 'ä/ö/\n', 'a//']) {
      expect(readRoute(seriesHash(series, 6))).toEqual({ view: 'series', series, lead: 6 });
      expect(readRoute(seriesHash(series))).toEqual({ view: 'series', series, lead: null });
    }
  });

  it('reads what listHash writes', () => {
    const choice: ListChoice = {
      ...{ search: 'hall & co', state: 'stale', stream: '', sort: 'skill' },
      ...{ descending: true, page: 6 },
    };
    expect(readRoute(listHash(choice))).toEqual({ view: 'list', choice });
    expect(listHash(ALL)).toBe('#/');
  });

  it('leaves out what it does not know', () => {
    const hash = '#/?state=bored&sort=toString&page=-3';
    expect(readRoute(hash)).toEqual({ view: 'list', choice: ALL });
    expect(readRoute('#/series/a?lead=x')).toMatchObject({ lead: null });
    expect(readRoute('#/series/%E0')).toEqual({ view: 'unknown' });
    expect(readRoute('#/else')).toEqual({ view: 'unknown' });
    expect(readRoute('')).toEqual({ view: 'list', choice: ALL });
  });
});
