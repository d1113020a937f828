import { describe, expect, it } from 'vitest';
import { decode } from '../../test/support/decode.ts';

describe('JSON payloads', () => {
  it('takes every number, by its path', () => {
    const payload = '{"t": 1.5, "name": "x", "on": true, "in": {"a": [2, {"b": 3}]}}';
    expect(decode('topic: a/b', payload)).toEqual([
      ['t', undefined, 1.5],
      ['in.a[0]', undefined, 2],
      ['in.a[1].b', undefined, 3],
    ]);
  });

  it('takes a bare number', () => {
    expect(decode('topic: a/b', ' 21.5 ')).toEqual([['', undefined, 21.5]]);
  });

  it('takes named fields: numbers, numbers as text, and truth', () => {
    const payload = '{"a": {"t": ["x", 2]}, "s": "-3.5e1", "on": false}';
    expect(decode('topic: a/b, values: ["a.t[1]", s, on]', payload)).toEqual([
      ['a.t[1]', undefined, 2],
      ['s', undefined, -35],
      ['on', undefined, 0],
    ]);
  });

  it('finds the time under its usual names, and leaves it out of the values', () => {
    expect(decode('topic: a/b', '{"ts": 1700000000, "v": 1}')).toEqual([['v', 1.7e12, 1]]);
    expect(decode('topic: a/b, time: receive', '{"ts": 17, "v": 1}')).toEqual([
      ['ts', undefined, 17],
      ['v', undefined, 1],
    ]);
    const nested = 'topic: a/b, time: { field: m.at, unit: ms }';
    expect(decode(nested, '{"m": {"at": 5, "x": 6}, "v": 1}')).toEqual([
      ['m.x', 5, 6],
      ['v', 5, 1],
    ]);
  });

  it.each([
    ['{not json', 'invalid not_json'],
    ['', 'filtered empty'],
    ['null', 'filtered empty'],
    ['{}', 'invalid no_field'],
    ['[]', 'invalid no_field'],
    ['"text"', 'invalid no_field'],
    ['{"time": "yesterday", "v": 1}', 'invalid bad_time'],
    ['{"time": null, "v": 1}', 'invalid bad_time'],
    [`${'['.repeat(40)}1${']'.repeat(40)}`, 'invalid too_deep'],
    [JSON.stringify(Array.from({ length: 1001 }, () => 1)), 'invalid too_many'],
    [`"${'x'.repeat(1 << 20)}"`, 'invalid too_long'],
    [new Uint8Array([0xff, 0xfe, 0x00]), 'invalid not_utf8'],
  ])('refuses %.40s as a whole', (payload, rejection) => {
    expect(decode('topic: a/b', payload)).toEqual([[undefined, rejection]]);
  });

  it.each([
    ['{"v": null}', 'filtered empty'],
    ['{"v": ""}', 'filtered empty'],
    ['{"w": 1}', 'invalid no_field'],
    ['{"v": "warm"}', 'invalid not_number'],
    ['{"v": "0x10"}', 'invalid not_number'],
    ['{"v": {}}', 'invalid not_number'],
    ['{"v": [1]}', 'invalid not_number'],
    ['{"v": 1e309}', 'invalid not_finite'],
    ['{"v": "NaN"}', 'invalid not_finite'],
    ['{"v": "-Infinity"}', 'invalid not_finite'],
    ['{"v": 1e101}', 'invalid too_large'],
    ['{"__proto__": {"v": 1}}', 'invalid no_field'],
  ])('refuses the field in %s, and takes the others', (payload, rejection) => {
    const both = `${payload.slice(0, -1)}, "good": 7}`;
    expect(decode('topic: a/b, values: [v, good]', both)).toEqual([
      ['v', rejection],
      ['good', undefined, 7],
    ]);
  });

  it('never looks at inherited properties', () => {
    const values = 'topic: a/b, values: [constructor, toString.length, __proto__.x]';
    expect(decode(values, '{"__proto__": 5}').map(([, what]) => what)).toEqual([
      'invalid no_field',
      'invalid no_field',
      'invalid no_field',
    ]);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  it('reads over a byte order mark', () => {
    expect(decode('topic: a/b', '\ufeff{"v": 1}')).toEqual([['v', undefined, 1]]);
  });
});
