import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode, decoding, message } from '../../test/support/decode.ts';
import { expectSound, spoiled } from '../../test/support/fuzz-decoder.ts';

const MSGPACK = 'topic: a/b, payload: msgpack';
const NAMED = `${MSGPACK}, values: [v, good]`;
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
/** The same stream, of MessagePack and of JSON. */
const PAIRS = ['number', 'symbol'].map((kind) => {
  const stream = `topic: a/b, kind: ${kind}`;
  return [decoding(`${stream}, payload: msgpack`), decoding(stream)] as const;
});

describe('MessagePack payloads', () => {
  it('takes every number, by its path', () => {
    const payload = encode({ t: 1.5, name: 'x', on: true, in: { a: [2, { b: -3 }] }, no: null });
    expect(decode(MSGPACK, payload)).toEqual([
      ['t', undefined, 1.5],
      ['in.a[0]', undefined, 2],
      ['in.a[1].b', undefined, -3],
      ['no', 'filtered empty'],
    ]);
    expect(decode(`${MSGPACK}, values: ["in.a[1].b", on]`, payload)).toEqual([
      ['in.a[1].b', undefined, -3],
      ['on', undefined, 1],
    ]);
  });

  it.each([
    ['ca41ac0000', 21.5],
    ['cb4035800000000000', 21.5],
    ['ccff', 255],
    ['cdffff', 65_535],
    ['ceffffffff', 2 ** 32 - 1],
    ['cfffffffffffffffff', 2 ** 64],
    ['d0ff', -1],
    ['d1fffe', -2],
    ['d2fffffffd', -3],
    ['d38000000000000000', -(2 ** 63)],
    ['ff', -1],
    ['7f', 127],
  ])('reads the number %s', (payload, value) => {
    expect(decode(MSGPACK, hex(payload))).toEqual([['', undefined, value]]);
  });

  it.each([
    ['32 bits', 'd6ff 6553f100', 1.7e12],
    ['64 bits', 'd7ff 773594006553f100', 1_700_000_000_500],
    ['96 bits', 'c70cff 1dcd6500000000006553f100', 1_700_000_000_500],
    ['a number', 'ce6553f100', 1.7e12],
    ['ns', 'cf17979cfe362a0000', 1.7e12],
    ['a text', `b4${Buffer.from('2023-11-14T22:13:20Z').toString('hex')}`, 1.7e12],
  ])('reads the time: %s', (_, time, ms) => {
    const payload = hex(`82 a474696d65 ${time} a176 01`);
    expect(decode(MSGPACK, payload)).toEqual([['v', ms, 1]]);
    expect(decode(`${MSGPACK}, time: time`, payload)).toEqual([['v', ms, 1]]);
  });

  it('reads whole numbers as keys, and leaves alone what it does not read', () => {
    const payload = hex('84 01 02 a166 d40507 a162 c40101 a176 01');
    expect(decode(MSGPACK, payload)).toEqual([
      ['1', undefined, 2],
      ['v', undefined, 1],
    ]);
    expect(decode(`${MSGPACK}, values: [f, b, "b[0]"]`, payload)).toEqual([
      ['f', 'invalid not_number'],
      ['b', 'invalid not_number'],
      ['b[0]', 'invalid no_field'],
    ]);
  });

  it('takes the last value of a key that is given twice, as JSON does', () => {
    expect(decode(MSGPACK, hex('82 a176 01 a176 02'))).toEqual([['v', undefined, 2]]);
  });

  it.each([
    ['NaN', 'ca7fc00000', 'invalid not_finite'],
    ['1e300', 'cb7e37e43c8800759c', 'invalid too_large'],
    ['null', 'c0', 'filtered empty'],
    ['a map', '80', 'invalid not_number'],
    ['a time', 'd6ff6553f100', 'invalid not_number'],
  ])('refuses %s as a value, and takes the others', (_, v, rejection) => {
    expect(decode(NAMED, hex(`82 a176 ${v} a4676f6f64 07`))).toEqual([
      ['v', rejection],
      ['good', undefined, 7],
    ]);
  });

  it.each([
    ['nothing', '', 'filtered empty'],
    ['null', 'c0', 'filtered empty'],
    ['an empty map', '80', 'invalid no_field'],
    ['a time of 3 bytes', '82 a474696d65 c703ff000000 a176 01', 'invalid bad_time'],
    ['the byte that is none', 'c1', 'invalid not_msgpack'],
    ['a map as a key', '81 80 01', 'invalid not_msgpack'],
    ['__proto__', `81 a9${Buffer.from('__proto__').toString('hex')} 01`, 'invalid not_msgpack'],
    ['bytes behind', '01 01', 'invalid not_msgpack'],
    ['the half of a map', '82 a176 01', 'invalid not_msgpack'],
    ['the half of a length', 'dd ff', 'invalid not_msgpack'],
    ['arrays of 2^32 items', 'ddffffffff'.repeat(20), 'invalid not_msgpack'],
    ['a map of 2^32 items', 'dfffffffff', 'invalid not_msgpack'],
    ['a text of 2^32 bytes', 'dbffffffff', 'invalid not_msgpack'],
    ['a text that is no UTF-8', '81 a176 a1ff', 'invalid not_utf8'],
    ['arrays in arrays', `${'91'.repeat(1 << 18)}01`, 'invalid too_deep'],
    ['too much', '00'.repeat((1 << 20) + 1), 'invalid too_long'],
  ])('refuses %s as a whole', (_, payload, rejection) => {
    expect(decode(MSGPACK, hex(payload))).toEqual([[undefined, rejection]]);
  });

  it('takes 32 levels, as JSON does', () => {
    const nested = (depth: number): Buffer => hex(`${'91'.repeat(depth)}05`);
    expect(decode(MSGPACK, nested(32))).toEqual([['[0]'.repeat(32), undefined, 5]]);
    expect(decode(MSGPACK, nested(33))).toEqual([[undefined, 'invalid too_deep']]);
  });

  it('gives what JSON gives', () => {
    fc.assert(
      fc.property(fc.constantFrom(...PAIRS), fc.jsonValue({ maxDepth: 4 }), (pair, value) => {
        const text = JSON.stringify(value);
        // Refused by the one, a field like any other for the other.
        fc.pre(!text.includes('__proto__'));
        const [msgpack, json] = pair;
        expect(msgpack(message(encode(JSON.parse(text))))).toEqual(json(message(text)));
      }),
      { seed: 7, numRuns: 1_000 },
    );
  });

  it('survives any bytes', () => {
    const values = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }).map((value) => encode(value)),
      fc
        .dictionary(fc.string(), fc.oneof(fc.date(), fc.uint8Array(), fc.double()))
        .map((value) => encode(value)),
    );
    expectSound([MSGPACK, NAMED, `${MSGPACK}, kind: symbol`], spoiled(values));
  });
});
