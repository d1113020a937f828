import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Decoded } from '../../test/support/decode.ts';
import { expectSound, spoiled } from '../../test/support/fuzz-decoder.ts';
import { sparkplug, type TestMetric, TYPE } from '../../test/support/sparkplug.ts';
import { host, STREAM } from '../../test/support/sparkplug-host.ts';

const T = 1_700_000_000_000;
const BDSEQ: TestMetric = { name: 'bdSeq', type: TYPE.UInt64, long: 3n };
const REBIRTH: TestMetric = { name: 'Node Control/Rebirth', type: TYPE.Boolean, boolean: false };

/** The value that a birth gives for one metric of a type. */
function birthValue(metric: TestMetric, more = ''): Decoded | undefined {
  const { send } = host(more);
  return send('G/NBIRTH/N', { timestamp: T, seq: 0, metrics: [{ name: 'v', ...metric }] })[0];
}

describe('Sparkplug payloads', () => {
  it('takes births, and data by alias or by name', () => {
    const { send, troubles } = host();
    const birth = [
      BDSEQ,
      REBIRTH,
      { name: 'Motor/Drehzahl °', alias: 1, type: TYPE.Int32, int: 1500, timestamp: T - 5 },
      { name: 'Temperature', type: TYPE.Float, float: 21.5 },
      { name: 'State', alias: 2, type: TYPE.String, string: 'on' },
    ];
    expect(send('G/NBIRTH/N', { timestamp: T, seq: 0, metrics: birth })).toEqual([
      ['Motor/Drehzahl °', T - 5, 1500],
      ['Temperature', T, 21.5],
    ]);
    const device = [{ name: 'p', alias: 9_007_199_254_740_993n, type: TYPE.Double, double: 1.25 }];
    expect(send('G/DBIRTH/N/D', { timestamp: T, seq: 1, metrics: device })).toEqual([
      ['p', T, 1.25],
    ]);
    const data = [
      { alias: 1, int: 0xffffffff },
      { name: 'Temperature', float: 22.5, timestamp: T + 7 },
      { alias: 2, string: 'off' },
    ];
    expect(send('G/NDATA/N', { timestamp: T + 9, seq: 2, metrics: data })).toEqual([
      ['Motor/Drehzahl °', T + 9, -1],
      ['Temperature', T + 7, 22.5],
    ]);
    const more = [
      { alias: 9_007_199_254_740_993n, double: 2.5 },
      { alias: 9_007_199_254_740_992n, double: 3 },
    ];
    expect(send('G/DDATA/N/D', { seq: 3, metrics: more })).toEqual([
      ['p', undefined, 2.5],
      [undefined, 'invalid no_birth'],
    ]);
    expect(troubles).toEqual(['birth_due G/N']);
  });

  it.each<[string, TestMetric, number]>([
    ['Int8, of 8 bits', { type: TYPE.Int8, int: 0xff }, -1],
    ['Int8, of 32 bits', { type: TYPE.Int8, int: 0xffffff80 }, -128],
    ['Int16', { type: TYPE.Int16, int: 0xfffffffe }, -2],
    ['Int32', { type: TYPE.Int32, int: 0x80000000 }, -(2 ** 31)],
    ['Int32, of 64 bits', { type: TYPE.Int32, long: 0xffffffffffffffffn }, -1],
    ['Int64', { type: TYPE.Int64, long: 0xfffffffffffffffdn }, -3],
    ['UInt8', { type: TYPE.UInt8, int: 200 }, 200],
    ['UInt16', { type: TYPE.UInt16, int: 65_535 }, 65_535],
    ['UInt32', { type: TYPE.UInt32, int: 0xffffffff }, 2 ** 32 - 1],
    ['UInt32, in the long field', { type: TYPE.UInt32, long: 0xffffffffn }, 2 ** 32 - 1],
    ['UInt64', { type: TYPE.UInt64, long: 0xffffffffffffffffn }, 2 ** 64],
    ['Float', { type: TYPE.Float, float: -0.5 }, -0.5],
    ['Double', { type: TYPE.Double, double: 0.1 }, 0.1],
  ])('reads %s', (_, metric, value) => {
    expect(birthValue(metric)).toEqual(['v', T, value]);
  });

  it('reads truth and texts: numbers where they are named, else symbols', () => {
    const named = ', values: [v]';
    expect(birthValue({ type: TYPE.Boolean, boolean: true }, named)).toEqual(['v', T, 1]);
    expect(birthValue({ type: TYPE.String, string: '1.5' }, named)).toEqual(['v', T, 1.5]);
    expect(birthValue({ type: TYPE.Boolean, boolean: true })).toEqual([
      undefined,
      'filtered no_field',
    ]);
    const symbols = ', kind: symbol';
    expect(birthValue({ type: TYPE.Boolean, boolean: true }, symbols)).toEqual(['v', T, 'true']);
    expect(birthValue({ type: TYPE.Text, string: 'läuft' }, symbols)).toEqual(['v', T, 'läuft']);
    expect(birthValue({ type: TYPE.UInt64, long: 2n ** 64n - 1n }, symbols)).toEqual([
      'v',
      T,
      '18446744073709551615',
    ]);
  });

  it.each<[string, TestMetric, string]>([
    ['null', { type: TYPE.Int32, isNull: true }, 'filtered empty'],
    ['no value', { type: TYPE.Int32 }, 'filtered empty'],
    ['transient', { type: TYPE.Int32, int: 1, transient: true }, 'filtered transient'],
    ['a DataSet', { type: TYPE.DataSet, dataset: Uint8Array.of(8, 1) }, 'invalid not_read'],
    ['a Template', { type: TYPE.Template, bytes: Uint8Array.of(1) }, 'invalid not_read'],
    ['an array', { type: TYPE.Int32Array, bytes: Uint8Array.of(1, 0, 0, 0) }, 'invalid not_read'],
    ['an unknown datatype', { type: 99, int: 1 }, 'invalid not_read'],
    ['NaN', { type: TYPE.Float, float: Number.NaN }, 'invalid not_finite'],
    ['1e300', { type: TYPE.Double, double: 1e300 }, 'invalid too_large'],
    ['a text for a number', { type: TYPE.Int32, string: '5' }, 'invalid bad_metric'],
    [
      'a time beyond all years',
      { type: TYPE.Int32, int: 1, timestamp: 2 ** 60 },
      'invalid bad_time',
    ],
  ])('turns away %s by name, and takes the others', (_, metric, rejection) => {
    const { send } = host();
    const good = { name: 'good', type: TYPE.Double, double: 7, historical: true };
    expect(send('G/NBIRTH/N', { timestamp: T, metrics: [{ name: 'v', ...metric }, good] })).toEqual(
      [
        ['v', rejection],
        ['good', T, 7],
      ],
    );
  });

  it('names what it does not read', () => {
    const { send, details } = host();
    send('G/NBIRTH/N', { metrics: [{ name: 'v', type: TYPE.DataSet, dataset: Uint8Array.of() }] });
    expect(details).toEqual(['a DataSet is not read']);
  });

  it('takes a DateTime as no number', () => {
    expect(birthValue({ type: TYPE.DateTime, long: BigInt(T) }, ', values: [v]')).toEqual([
      'v',
      'invalid not_number',
    ]);
  });

  it('takes named metrics where a message has them, and the time of arrival where told', () => {
    const { send } = host(', values: [a/b, c], time: receive');
    const metrics = ['a/b', 'c', 'd'].map((name, i) => ({
      name,
      alias: i,
      type: TYPE.Double,
      double: i,
    }));
    expect(send('G/NBIRTH/N', { timestamp: T, metrics })).toEqual([
      ['a/b', undefined, 0],
      ['c', undefined, 1],
    ]);
    expect(send('G/NDATA/N', { metrics: [{ alias: 1, double: 5 }] })).toEqual([
      ['c', undefined, 5],
    ]);
    expect(send('G/NDATA/N', { metrics: [{ alias: 2, double: 5 }] })).toEqual([
      [undefined, 'filtered no_field'],
    ]);
  });
});

describe('other messages', () => {
  it.each([
    ['G/NCMD/N', 'filtered command'],
    ['G/DCMD/N/D', 'filtered command'],
    ['STATE/host', 'filtered state'],
    ['G/NDATA', 'invalid bad_topic'],
    ['G/NDATA/N/D', 'invalid bad_topic'],
    ['G/DDATA/N', 'invalid bad_topic'],
    ['G/DDATA/N/', 'invalid bad_topic'],
    ['G/DDATA/N/D/E', 'invalid bad_topic'],
    ['G/XDATA/N', 'invalid bad_topic'],
    ['/NDATA/N', 'invalid bad_topic'],
  ])('on %s', (topic, rejection) => {
    expect(host().send(topic, {})).toEqual([[undefined, rejection]]);
  });

  it.each([
    ['nothing', '', 'filtered no_field'],
    ['a metric that is cut off', '1205080110', 'invalid not_sparkplug'],
    ['a name that is no UTF-8', '1203 0a01ff', 'invalid not_sparkplug'],
    ['a name that is a number', '1202 0805', 'invalid not_sparkplug'],
    ['a time that is a text', '0a0131', 'invalid not_sparkplug'],
    ['a group without end', '2b'.repeat(2_000), 'invalid not_sparkplug'],
    ['field 0', '0000', 'invalid not_sparkplug'],
    ['JSON', Buffer.from('{"v": 1}').toString('hex'), 'invalid not_sparkplug'],
    ['too many metrics', '1200'.repeat(20_001), 'invalid too_many'],
    ['too much', '00'.repeat((1 << 20) + 1), 'invalid too_long'],
  ])('that hold %s', (_, payload, rejection) => {
    const bytes = Buffer.from(payload.replaceAll(' ', ''), 'hex');
    expect(host().send('G/NDATA/N', bytes)).toEqual([[undefined, rejection]]);
  });

  it('survives any bytes on any topic', () => {
    const metric = fc.record(
      {
        name: fc.string(),
        alias: fc.nat(3),
        timestamp: fc.nat({ max: 2 ** 50 }),
        type: fc.nat(40),
        isNull: fc.boolean(),
        transient: fc.boolean(),
        int: fc.nat(),
        long: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        float: fc.float(),
        double: fc.double(),
        boolean: fc.boolean(),
        string: fc.string({ unit: 'grapheme' }),
        dataset: fc.uint8Array(),
      },
      { requiredKeys: [] },
    );
    const payload = fc
      .record({
        timestamp: fc.nat(),
        seq: fc.nat(300),
        metrics: fc.array(metric, { maxLength: 5 }),
      })
      .map(sparkplug);
    const topic = fc
      .tuple(
        fc.constantFrom('spBv1.0', 'x'),
        fc.constantFrom('G', 'STATE'),
        fc.constantFrom('NBIRTH', 'NDATA', 'NDEATH', 'DBIRTH', 'DDATA', 'DDEATH', 'NCMD', ''),
        fc.constantFrom('N/D', 'N', 'M'),
      )
      .map((levels) => levels.join('/'));
    const streams = ['', ', values: [a, b]', ', kind: symbol'].map((more) => STREAM + more);
    expectSound(streams, spoiled(payload), { topic });
  });
});
