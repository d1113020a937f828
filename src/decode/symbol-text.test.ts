import { describe, expect, it } from 'vitest';
import { decode, message } from '../../test/support/decode.ts';

const SYMBOLS = 'topic: a/b, kind: symbol';

describe('symbols', () => {
  it('in JSON: texts, numbers and booleans, by their path', () => {
    const payload =
      '{"day": "leg, left", "n": 1.0, "on": true, "in": {"a": [null, "x"]}, "time": 5}';
    expect(decode(SYMBOLS, payload)).toEqual([
      ['day', 5000, 'leg, left'],
      ['n', 5000, '1'],
      ['on', 5000, 'true'],
      ['in.a[0]', 'filtered empty'],
      ['in.a[1]', 5000, 'x'],
    ]);
    expect(decode(SYMBOLS, '"rest"')).toEqual([['', undefined, 'rest']]);
  });

  it('in JSON: named fields', () => {
    expect(decode(`${SYMBOLS}, values: [a, b, c, d]`, '{"a": "x", "b": {}, "c": " "}')).toEqual([
      ['a', undefined, 'x'],
      ['b', 'invalid not_symbol'],
      ['c', 'filtered empty'],
      ['d', 'invalid no_field'],
    ]);
  });

  it('in CSV: cells as they are', () => {
    const row = { columns: ['time', 'state'], cells: ['2024-01-01', ' 01 '] };
    expect(decode(SYMBOLS, message('', { row }))).toEqual([['state', 1_704_067_200_000, '01']]);
    expect(decode(`${SYMBOLS}, payload: csv`, 'on,"off, really",')).toEqual([
      ['1', undefined, 'on'],
      ['2', undefined, 'off, really'],
      ['3', 'filtered empty'],
    ]);
  });

  it.each([
    ['washing\n', [['', undefined, 'washing']]],
    [' ', [[undefined, 'filtered empty']]],
    ['ä'.repeat(128), [['', undefined, 'ä'.repeat(128)]]],
    ['ä'.repeat(129), [[undefined, 'invalid too_long']]],
    [Uint8Array.of(0xff), [[undefined, 'invalid not_utf8']]],
  ])('as plain text: %j', (payload, found) => {
    expect(decode(`${SYMBOLS}, payload: text`, payload)).toEqual(found);
  });

  it('that are no text at all are refused', () => {
    expect(decode(SYMBOLS, '"\\ud800"')).toEqual([['', 'invalid not_symbol']]);
    expect(decode(SYMBOLS, '{}')).toEqual([[undefined, 'invalid no_field']]);
  });
});
