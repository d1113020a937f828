import { encode, Tagged } from 'cborg';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Decoded, decode, decoding, message } from '../../test/support/decode.ts';
import { expectSound, spoiled } from '../../test/support/fuzz-decoder.ts';

const CBOR = 'topic: a/b, payload: cbor';
const NAMED = `${CBOR}, values: [v, good]`;
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
/** `{"v": …, "good": 7}` */
const withGood = (v: string): Buffer => hex(`a2 6176 ${v} 64676f6f64 07`);
const tagged = (tag: number, value: unknown): Uint8Array =>
  encode({ time: new Tagged(tag, value), v: 1 });
/** The same stream, of CBOR and of JSON. */
const PAIRS = ['number', 'symbol'].map((kind) => {
  const stream = `topic: a/b, kind: ${kind}`;
  return [decoding(`${stream}, payload: cbor`), decoding(stream)] as const;
});
/** The encoder puts keys in an order of its own. */
const sorted = (found: readonly Decoded[]): string[] =>
  found.map((one) => JSON.stringify(one)).sort();

describe('CBOR payloads', () => {
  it('takes every number, by its path', () => {
    const payload = encode({ t: 1.5, name: 'x', on: true, in: { a: [2, { b: -3 }] }, no: null });
    expect(decode(CBOR, payload)).toEqual([
      ['t', undefined, 1.5],
      ['in.a[0]', undefined, 2],
      ['in.a[1].b', undefined, -3],
      ['no', 'filtered empty'],
    ]);
    expect(decode(`${CBOR}, values: ["in.a[1].b", on]`, payload)).toEqual([
      ['in.a[1].b', undefined, -3],
      ['on', undefined, 1],
    ]);
    expect(decode(CBOR, hex('f94d40'))).toEqual([['', undefined, 21]]);
  });

  it.each([
    ['a number under time', hex('a2 6474696d65 1a6553f100 6176 01'), 1.7e12],
    ['ns, above 2^53', hex('a2 6474696d65 1b17979cfe362a0000 6176 01'), 1.7e12],
    ['tag 0', tagged(0, '2023-11-14T22:13:20.5Z'), 1_700_000_000_500],
    ['tag 1, whole', tagged(1, 1_700_000_000), 1.7e12],
    ['tag 1, with a fraction', tagged(1, 1_700_000_000.25), 1_700_000_000_250],
  ])('reads the time: %s', (_, payload, ms) => {
    expect(decode(CBOR, payload)).toEqual([['v', ms, 1]]);
    expect(decode(`${CBOR}, time: time`, payload)).toEqual([['v', ms, 1]]);
  });

  it.each([
    ['tag 0 of a number', tagged(0, 5)],
    ['tag 0 of no time', tagged(0, 'yesterday')],
    ['tag 1 of a text', tagged(1, 'now')],
    ['tag 1 beyond all years', tagged(1, 1e300)],
    ['another tag', tagged(100, 19_000)],
  ])('refuses the time: %s', (_, payload) => {
    expect(decode(CBOR, payload)).toEqual([[undefined, 'invalid bad_time']]);
  });

  it('reads integers of 64 bits, bignums, and whole numbers as keys', () => {
    const numbers = hex('84 1bffffffffffffffff 3bffffffffffffffff c2420100 c3420100');
    expect(decode(CBOR, numbers)).toEqual([
      ['[0]', undefined, 2 ** 64],
      ['[1]', undefined, -(2 ** 64)],
      ['[2]', undefined, 256],
      ['[3]', undefined, -257],
    ]);
    const symbols = 'topic: a/b, payload: cbor, kind: symbol';
    expect(decode(symbols, hex('1bffffffffffffffff'))).toEqual([
      ['', undefined, '18446744073709551615'],
    ]);
    expect(decode(CBOR, hex('bf 01 a1 20 02 03 82 04 05 ff'))).toEqual([
      ['1.-1', undefined, 2],
      ['3[0]', undefined, 4],
      ['3[1]', undefined, 5],
    ]);
  });

  it('reads past the mark that says CBOR, and leaves alone what it does not read', () => {
    expect(decode(CBOR, hex('d9d9f7 a1 6176 01'))).toEqual([['v', undefined, 1]]);
    // A typed array (tag 85), bytes, a decimal fraction (tag 4).
    const payload = hex('a4 6166 d855440000803f 6162 4101 6164 c48221196ab3 6176 01');
    expect(decode(CBOR, payload)).toEqual([['v', undefined, 1]]);
    expect(decode(`${CBOR}, values: [f, b, "b[0]", d, "d[0]", v]`, payload)).toEqual([
      ['f', 'invalid not_number'],
      ['b', 'invalid not_number'],
      ['b[0]', 'invalid no_field'],
      ['d', 'invalid not_number'],
      ['d[0]', 'invalid no_field'],
      ['v', undefined, 1],
    ]);
  });

  it.each([
    ['NaN', 'f97e00', 'invalid not_finite'],
    ['−Infinity', 'f9fc00', 'invalid not_finite'],
    ['1e300', 'fb7e37e43c8800759c', 'invalid too_large'],
    ['null', 'f6', 'filtered empty'],
    ['undefined', 'f7', 'filtered empty'],
    ['a map', 'a0', 'invalid not_number'],
    ['a time', 'c11a6553f100', 'invalid not_number'],
    ['a text', '6477617 26d', 'invalid not_number'],
  ])('refuses %s as a value, and takes the others', (_, v, rejection) => {
    expect(decode(NAMED, withGood(v))).toEqual([
      ['v', rejection],
      ['good', undefined, 7],
    ]);
  });

  it.each([
    ['nothing', '', 'filtered empty'],
    ['null', 'f6', 'filtered empty'],
    ['an empty map', 'a0', 'invalid no_field'],
    ['a key twice', 'a2 6176 01 6176 02', 'invalid not_cbor'],
    ['a key twice, as number and text', 'a2 01 01 6131 02', 'invalid not_cbor'],
    ['a map as a key', 'a1 a0 01', 'invalid not_cbor'],
    ['bytes as a key', 'a1 4101 01', 'invalid not_cbor'],
    ['bytes behind', '01 01', 'invalid not_cbor'],
    ['the half of a map', 'a2 6176 01', 'invalid not_cbor'],
    ['an array of 2^32 items', '9affffffff', 'invalid not_cbor'],
    ['an array of 2^64 items', '9bffffffffffffffff', 'invalid not_cbor'],
    ['a text of 2^63 bytes', '7b7fffffffffffffff', 'invalid not_cbor'],
    ['a text of indefinite length', 'a1 6176 7f 6161 ff', 'invalid not_cbor'],
    ['a break alone', 'ff', 'invalid not_cbor'],
    ['a break in a map of one', 'a1 6176 ff', 'invalid not_cbor'],
    ['a text that is no UTF-8', 'a1 6176 61ff', 'invalid not_utf8'],
    ['a bignum of a text', 'c2 6131', 'invalid not_cbor'],
    ['a bignum without end', `c2 58ff ${'ff'.repeat(255)}`, 'invalid too_long'],
    ['arrays in arrays', '81'.repeat(1 << 20), 'invalid too_deep'],
    ['tags on tags', 'c1'.repeat(1 << 20), 'invalid too_deep'],
    ['too much', '00'.repeat((1 << 20) + 1), 'invalid too_long'],
  ])('refuses %s as a whole', (_, payload, rejection) => {
    expect(decode(CBOR, hex(payload))).toEqual([[undefined, rejection]]);
  });

  it('takes 32 levels, as JSON does', () => {
    const nested = (depth: number): Buffer => hex(`${'81'.repeat(depth)}05`);
    expect(decode(CBOR, nested(32))).toEqual([['[0]'.repeat(32), undefined, 5]]);
    expect(decode(CBOR, nested(33))).toEqual([[undefined, 'invalid too_deep']]);
  });

  it('gives what JSON gives', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...PAIRS),
        fc.jsonValue({ maxDepth: 4 }),
        ([cbor, json], value) => {
          const text = JSON.stringify(value);
          expect(sorted(cbor(message(encode(JSON.parse(text)))))).toEqual(
            sorted(json(message(text))),
          );
        },
      ),
      { seed: 7, numRuns: 1_000 },
    );
  });

  it('survives any bytes', () => {
    const values = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }).map((value) => encode(value)),
      fc
        .dictionary(
          fc.string(),
          fc.oneof(
            fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n - 1n }),
            fc.uint8Array(),
            fc.double(),
          ),
        )
        .map(encode),
    );
    expectSound([CBOR, NAMED, `${CBOR}, kind: symbol`, `${CBOR}, time: t`], spoiled(values));
  });
});
