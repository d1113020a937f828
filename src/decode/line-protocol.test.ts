import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode, decoding, message } from '../../test/support/decode.ts';
import { expectSound, spoiled } from '../../test/support/fuzz-decoder.ts';

const LINES = 'topic: a/b, payload: line_protocol';

describe('line protocol payloads', () => {
  it('takes every number of every line, each at its own time', () => {
    const payload = [
      'cpu,host=a,cpu=cpu0 usage_idle=98.5,usage_user=1 1700000000000000000',
      'mem,host=a used=8123i,total=16000u,text="x",ok=true 1700000001000000000',
      'load value=.5e1',
      '',
    ].join('\n');
    expect(decode(LINES, payload)).toEqual([
      ['usage_idle', 1.7e12, 98.5],
      ['usage_user', 1.7e12, 1],
      ['used', 1_700_000_001_000, 8123],
      ['total', 1_700_000_001_000, 16_000],
      ['value', undefined, 5],
    ]);
  });

  it('takes named fields where a line has them: numbers as text, and truth', () => {
    const payload = 'm a=1,b="2.5",c=F 5\nm d=1 6\nm b="x",c=t 7';
    expect(decode(`${LINES}, values: [b, c]`, payload)).toEqual([
      ['b', 5000, 2.5],
      ['c', 5000, 0],
      [undefined, 'filtered no_field'],
      ['b', 'invalid not_number'],
      ['c', 7000, 1],
    ]);
  });

  it('takes symbols', () => {
    expect(decode(`${LINES}, kind: symbol`, 'm a="on, \\"really\\" \\\\",b=5i,c=T 5')).toEqual([
      ['a', 5000, 'on, "really" \\'],
      ['b', 5000, '5'],
      ['c', 5000, 'true'],
    ]);
  });

  it.each([
    ['auto', '1700000000', 1.7e12],
    ['auto', '1700000000000', 1.7e12],
    ['auto', '1700000000000000', 1.7e12],
    ['auto', '1700000000000000000', 1.7e12],
    ['receive', '1700000000', undefined],
    ['time', '1700000000', 1.7e12],
    ['{ field: time, unit: s }', '5', 5000],
    ['{ field: time, unit: ns }', '-5000000', -5],
    ['{ field: time, unit: ms }', '', undefined],
  ])('reads times as "time: %s" says: %s', (time, text, ms) => {
    expect(decode(`${LINES}, time: ${time}`, `m v=1 ${text}`)).toEqual([['v', ms, 1]]);
  });

  it('unescapes as InfluxDB does', () => {
    const payload = String.raw`a\,\ b,t\=\ =x\,y f\,\=\ \g=1 5`;
    expect(decode(LINES, payload)).toEqual([['f,= \\g', 5000, 1]]);
    // Two backslashes are no escape of one: the comma behind them is escaped all the same.
    expect(decode(LINES, String.raw`m,t=a\\,b=1 v=1 5`)).toEqual([[undefined, 'invalid bad_line']]);
  });

  it('passes over comments, blank lines, line ends of Windows, and commas and line ends in texts', () => {
    const payload = '# "a comment\r\n\r\n  m s="a, b=2 \n c=3",v=1  5\r\n\nm,q="x v=2 6\nm v=3 7';
    expect(decode(LINES, payload)).toEqual([
      ['v', 5000, 1],
      ['v', 6000, 2],
      ['v', 7000, 3],
    ]);
    expect(decode(`${LINES}, kind: symbol, values: s`, payload)[0]).toEqual([
      's',
      5000,
      'a, b=2 \n c=3',
    ]);
    expect(decode(LINES, '# nothing\n\n')).toEqual([[undefined, 'filtered empty']]);
    expect(decode(LINES, '')).toEqual([[undefined, 'filtered empty']]);
  });

  it.each([
    'm',
    'm ',
    'm,t v=1',
    'm,t= v=1',
    'm,=x v=1',
    'm,t=a,t=b v=1',
    ',t=a v=1',
    'm v',
    'm v=',
    'm =1',
    'm v=1,',
    'm v=1,,w=2',
    'm v="x',
    'm v="x"y',
    'm v=1 noon',
    'm v=1 1.5',
    'm v=1 5 6',
    'm v=1 99999999999999999999',
    'm a\\=1 5',
  ])('refuses the line %s alone', (line) => {
    expect(decode(LINES, `a good=1 5\n${line}\nb good=2 6`)).toEqual([
      ['good', 5000, 1],
      [undefined, 'invalid bad_line'],
      ['good', 6000, 2],
    ]);
  });

  it.each([
    ['NaN', 'not_finite'],
    ['-inf', 'not_finite'],
    ['1e300', 'too_large'],
    ['1e400', 'not_finite'],
    ['1x', 'not_number'],
    ['0x10', 'not_number'],
    ['1.5i', 'not_number'],
    ['-1u', 'not_number'],
    ['9223372036854775808i', 'too_large'],
    ['18446744073709551616u', 'too_large'],
  ])('refuses the value %s, and takes the others of the line', (value, reason) => {
    expect(decode(LINES, `m v=${value},good=1 5`)).toEqual([
      ['v', `invalid ${reason}`],
      ['good', 5000, 1],
    ]);
  });

  it('reads integers of 64 bits', () => {
    const payload = 'm a=9223372036854775807i,b=-9223372036854775808i,c=18446744073709551615u';
    expect(decode(LINES, payload).map(([, , value]) => value)).toEqual([
      2 ** 63,
      -(2 ** 63),
      2 ** 64,
    ]);
  });

  it('says which line', () => {
    const details: string[] = [];
    const decodeOne = decoding(LINES, (detail) => details.push(detail));
    decodeOne(message('m v=1 5\nm s="a\nb",v=2\nm oh\nm v=1 x'));
    expect(details).toEqual([
      'line 4: expected a field, key=value, at "oh"',
      'line 5: expected a whole number, the time, at " x"',
    ]);
  });

  it('gets through a payload of a megabyte, whatever it holds', () => {
    const size = 1 << 20;
    for (const part of [
      '\n',
      'a b="\\"\n',
      'a',
      'a=',
      ',a=',
      '"',
      '\\,',
      'a b=1\n',
      'a b="\n',
      'm,a="',
      ' ',
    ]) {
      const payload = part.repeat(Math.floor(size / part.length));
      expect(decode(LINES, payload).length).toBeGreaterThan(0);
    }
  });

  it('leaves out what is behind ten thousand lines', () => {
    const found = decode(LINES, 'm v=1 5\n'.repeat(10_001));
    expect(found).toHaveLength(10_001);
    expect(found.at(-1)).toEqual([undefined, 'invalid too_many']);
  });

  it('survives any bytes', () => {
    const name = fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' });
    const value = fc.oneof(
      fc.double().map(String),
      fc.bigInt().map((n) => `${n}i`),
      fc.string().map((text) => JSON.stringify(text)),
      fc.constantFrom('t', 'FALSE', 'NaN', '1u', ''),
    );
    const line = fc
      .tuple(name, fc.dictionary(name, name), fc.dictionary(name, value), fc.option(fc.integer()))
      .map(([measurement, tags, fields, time]) => {
        const pairs = (all: object): string[] => Object.entries(all).map(([k, v]) => `${k}=${v}`);
        return `${[measurement, ...pairs(tags)].join(',')} ${pairs(fields).join(',')} ${time ?? ''}`;
      });
    const payloads = fc.array(line, { maxLength: 4 }).map((lines) => Buffer.from(lines.join('\n')));
    expectSound(
      [LINES, `${LINES}, values: [a, b]`, `${LINES}, kind: symbol`, `${LINES}, series: "{tag.a}"`],
      spoiled(payloads),
    );
  });
});
