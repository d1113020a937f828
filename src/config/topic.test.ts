import { describe, expect, it } from 'vitest';
import { filterCovers, topicFilterFault, topicNameFault } from './topic.ts';

describe('topic filters', () => {
  it.each(['a', 'a/b', '+', '#', 'a/+/b', 'a/#', '+/#', '/a', 'a//b', 'a/', '$SYS/broker/#'])(
    'takes %s',
    (filter) => {
      expect(topicFilterFault(filter)).toBeUndefined();
    },
  );

  it.each([
    ['', 'at least one level'],
    ['a/#/b', 'whole last level'],
    ['a#', 'whole last level'],
    ['a/b#', 'whole last level'],
    ['a+', 'a whole level'],
    ['a/+b/c', 'a whole level'],
    ['$share/group/a', 'shared subscription'],
    ['a\0b', 'NUL'],
    ['ä'.repeat(32_768), '65535 bytes'],
  ])('refuses %j', (filter, words) => {
    expect(topicFilterFault(filter)).toContain(words);
  });
});

it('refuses wildcards in a topic name', () => {
  expect(topicNameFault('a/b')).toBeUndefined();
  expect(topicNameFault('a/+')).toContain('wildcard');
});

describe('filterCovers', () => {
  it.each([
    ['#', 'a/b', true],
    ['#', '+/#', true],
    ['a/#', 'a', true],
    ['a/#', 'a/+/c', true],
    ['a/+', 'a/b', true],
    ['a/+', 'a/+', true],
    ['a/b', 'a/b', true],
    ['a/b', 'a/+', false],
    ['a/+', 'a/#', false],
    ['a/+', 'a/b/c', false],
    ['a/+', 'a', false],
    ['+/b', 'a/c', false],
    ['#', '$SYS/#', false],
    ['+/x', '$SYS/x', false],
    ['$SYS/#', '$SYS/x', true],
  ])('%s covers %s: %s', (filter, other, covers) => {
    expect(filterCovers(filter, other)).toBe(covers);
  });
});
