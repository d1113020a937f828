import { describe, expect, it } from 'vitest';
import {
  sparkplug,
  type TestMetric,
  type TestPayload,
  TYPE,
} from '../../test/support/sparkplug.ts';
import { host } from '../../test/support/sparkplug-host.ts';

const BDSEQ: TestMetric = { name: 'bdSeq', type: TYPE.UInt64, long: 3n };

describe('births', () => {
  const metric = (name: string, alias: number): TestMetric => ({
    name,
    alias,
    type: TYPE.Double,
    double: 1,
  });
  const data = (seq: number): TestPayload => ({ seq, metrics: [{ alias: 1, double: 2 }] });
  const UNBORN = [[undefined, 'invalid no_birth']];

  it('are needed for data, and asked for', () => {
    const { send, troubles, details } = host();
    expect(send('G/NDATA/N', data(7))).toEqual(UNBORN);
    expect(send('G/DDATA/N/D', { seq: 8, metrics: [{ name: 'x', double: 2 }] })).toEqual([
      ['x', 'invalid no_birth'],
    ]);
    expect(troubles).toEqual(['birth_due G/N', 'birth_due G/N']);
    expect(details[0]).toContain('alias 1 of G/N is in no birth that has come');
    expect(details[1]).toContain('metric "x" of G/N/D');
  });

  it('may come again with other aliases; those of the node end what was known of its devices', () => {
    const { send } = host();
    send('G/NBIRTH/N', { seq: 0, metrics: [metric('a', 1), metric('b', 2)] });
    send('G/DBIRTH/N/D', { seq: 1, metrics: [metric('c', 1)] });
    expect(send('G/NDATA/N', data(2))).toEqual([['a', undefined, 2]]);
    expect(send('G/DDATA/N/D', data(3))).toEqual([['c', undefined, 2]]);
    send('G/NBIRTH/N', { seq: 0, metrics: [metric('a', 2), metric('b', 1)] });
    expect(send('G/NDATA/N', data(1))).toEqual([['b', undefined, 2]]);
    expect(send('G/DDATA/N/D', data(2))).toEqual(UNBORN);
    send('G/DBIRTH/N/D', { seq: 3, metrics: [metric('d', 1)] });
    expect(send('G/DDATA/N/D', data(4))).toEqual([['d', undefined, 2]]);
  });

  it('end with deaths', () => {
    const { send } = host();
    const born = { seq: 0, metrics: [{ ...BDSEQ, long: 4n }, metric('a', 1)] };
    send('G/NBIRTH/N', born);
    send('G/DBIRTH/N/D', { seq: 1, metrics: [metric('c', 1)] });
    expect(send('G/DDEATH/N/D', { seq: 2 })).toEqual([[undefined, 'filtered death']]);
    expect(send('G/DDATA/N/D', data(3))).toEqual(UNBORN);
    expect(send('G/NDATA/N', data(4))).toEqual([['a', undefined, 2]]);
    // The will of the session before, which the broker sends late.
    send('G/NDEATH/N', { metrics: [{ ...BDSEQ, long: 3n }] });
    expect(send('G/NDATA/N', data(5))).toEqual([['a', undefined, 2]]);
    expect(send('G/NDEATH/N', { metrics: [{ ...BDSEQ, long: 4n }] })).toEqual([
      [undefined, 'filtered death'],
    ]);
    expect(send('G/NDATA/N', data(6))).toEqual(UNBORN);
  });

  it('are those of one node of one group', () => {
    const { send } = host();
    send('G/NBIRTH/N', { metrics: [metric('a', 1)] });
    expect(send('H/NDATA/N', data(1))).toEqual(UNBORN);
    expect(send('G/NDATA/M', data(1))).toEqual(UNBORN);
  });

  it('need names and datatypes', () => {
    const { send, troubles } = host();
    const metrics = [
      { alias: 1, type: TYPE.Double, double: 1 },
      { name: 'a', double: 1 },
    ];
    expect(send('G/NBIRTH/N', { metrics })).toEqual([
      [undefined, 'invalid bad_metric'],
      ['a', 'invalid bad_metric'],
    ]);
    expect(troubles).toEqual([]);
  });

  it('are bounded in number', () => {
    const { send } = host();
    const metrics = Array.from({ length: 19_000 }, (_, i) => metric(`m${i}`, i));
    const payload = sparkplug({
      metrics: metrics.map(({ name, alias, type }) => ({ name, alias, type })),
    });
    expect(payload.length).toBeLessThan(1 << 20);
    const told = Array.from({ length: 11 }, (_, i) => send(`G/NBIRTH/N${i}`, payload).length);
    expect(told).toEqual([...Array(10).fill(19_000), 1]);
    send('G/NDEATH/N0', {});
    expect(send('G/NBIRTH/N10', payload)).toHaveLength(19_000);
  });
});

describe('sequence numbers', () => {
  const send = (seqs: readonly number[], types: readonly string[] = []): string[] => {
    const told = host();
    for (const [i, seq] of seqs.entries()) told.send(`G/${types[i] ?? 'NDATA'}/N`, { seq });
    return told.troubles;
  };

  it.each([
    ['may begin anywhere, and go round', [254, 255, 0, 1], [], []],
    ['begin anew with a birth', [7, 0, 1], ['NDATA', 'NBIRTH'], []],
    ['with one missing', [7, 9], [], ['gap G/N', 'birth_due G/N']],
    ['with one twice', [7, 7], [], ['gap G/N', 'birth_due G/N']],
    [
      'with one missing: a birth is due until it comes',
      [7, 9, 10, 0, 1],
      ['NDATA', 'NDATA', 'NDATA', 'NBIRTH'],
      ['gap G/N', 'birth_due G/N', 'birth_due G/N'],
    ],
    ['of no such size are passed over', [7, 300, 8], [], []],
  ])('%s', (_, seqs, types, troubles) => {
    expect(send(seqs, types)).toEqual(troubles);
  });

  it('are one row for a node and its devices', () => {
    const { send, troubles } = host();
    send('G/NBIRTH/N', { seq: 0 });
    send('G/DBIRTH/N/D', { seq: 1 });
    send('G/DDATA/N/E', { seq: 2 });
    send('G/NDEATH/N', {});
    send('G/NBIRTH/N', { seq: 0 });
    send('G/DDATA/N/E', { seq: 1 });
    expect(troubles).toEqual([]);
    send('G/DDEATH/N/E', { seq: 3 });
    expect(troubles).toEqual(['gap G/N', 'birth_due G/N']);
  });
});
