import { describe, expect, it } from 'vitest';
import { decode, message } from '../../test/support/decode.ts';

const row = (columns: string, cells: string) =>
  message('', { row: { columns: columns.split(','), cells: cells.split(',') } });

describe('CSV', () => {
  it('takes the columns of a file beside the time', () => {
    expect(decode('topic: a/b', row('date,x,y', '2026-01-01,1,2.5'))).toEqual([
      ['x', Date.UTC(2026, 0, 1), 1],
      ['y', Date.UTC(2026, 0, 1), 2.5],
    ]);
  });

  it('takes payload columns by name and by number', () => {
    const named = 'topic: a/b, payload: csv, columns: [time, u, i], values: [i]';
    expect(decode(named, '1700000000,230,5')).toEqual([['i', 1.7e12, 5]]);
    const numbered = 'topic: a/b, payload: csv, time: "1", values: ["3"]';
    expect(decode(numbered, '1700000000,230,"5"\r\n')).toEqual([['3', 1.7e12, 5]]);
    expect(decode('topic: a/b, payload: csv', '1,2')).toEqual([
      ['1', undefined, 1],
      ['2', undefined, 2],
    ]);
  });

  it('takes every line of a payload', () => {
    const columns = 'topic: a/b, payload: csv, columns: [time, v]';
    expect(decode(columns, '1700000000,1\n1700000001,2\n')).toEqual([
      ['v', 1.7e12, 1],
      ['v', 1.7e12 + 1000, 2],
    ]);
  });

  it.each([
    [row('date,x', '2026-01-01'), [[undefined, 'invalid wrong_cells']]],
    [row('date,x', '2026-01-01,1,2'), [[undefined, 'invalid wrong_cells']]],
    [row('date,x', 'soon,1'), [[undefined, 'invalid bad_time']]],
    [row('date,x', '2026-01-01,'), [['x', 'filtered empty']]],
    [row('date,x', '2026-01-01,inf'), [['x', 'invalid not_finite']]],
    [row('date', '2026-01-01'), [[undefined, 'invalid no_field']]],
  ])('refuses %j', (from, expected) => {
    expect(decode('topic: a/b', from)).toEqual(expected);
  });

  it('says which columns there are', () => {
    expect(decode('topic: a/b, values: [z]', row('date,x', '2026-01-01,1'))).toEqual([
      ['z', 'invalid no_field'],
    ]);
    expect(decode('topic: a/b, time: when', row('date,x', '2026-01-01,1'))).toEqual([
      [undefined, 'invalid no_time'],
    ]);
    expect(decode('topic: a/b, payload: csv', '"1,2')).toEqual([[undefined, 'invalid not_csv']]);
  });
});
