import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from '../store/bytes.ts';
import { HistoryRing } from './history.ts';

function filled(values: readonly number[], capacity = 4): HistoryRing {
  const history = new HistoryRing(capacity);
  for (const [i, value] of values.entries()) history.push(i * 1000, value);
  return history;
}

describe('HistoryRing', () => {
  it('knows nothing at first', () => {
    const history = new HistoryRing(4);
    expect(history.at(0)).toBeNaN();
    expect(history.last).toBeNaN();
    expect(history.steps).toBe(0);
  });

  it('looks back as far as its capacity, and not into what was overwritten', () => {
    const history = filled([10, 11, 12, 13, 14, 15]);
    expect([0, 1, 2, 3].map((back) => history.at(back))).toEqual([15, 14, 13, 12]);
    expect(history.at(4)).toBeNaN();
    expect(history.at(-1)).toBeNaN();
    expect(history.timeMs).toBe(5000);
  });

  it('keeps gaps as NaN and knows how old the last value is', () => {
    const history = filled([1, 2, Number.NaN, Number.NaN]);
    expect([history.last, history.age, history.steps]).toEqual([2, 2, 4]);
    expect(history.at(0)).toBeNaN();
    expect(history.at(2)).toBe(2);
    history.push(4000, 3);
    expect([history.last, history.age]).toEqual([3, 0]);
  });

  it('forgets everything when cleared', () => {
    const history = filled([1, 2, 3]);
    history.clear();
    expect([history.last, history.at(0), history.steps]).toEqual([Number.NaN, Number.NaN, 0]);
    history.push(9000, 9);
    expect([history.at(0), history.at(1)]).toEqual([9, Number.NaN]);
  });

  it.each([2, 6])('continues after load, %i steps in', (steps) => {
    const history = filled([1, 2, Number.NaN, 4, 5, 6].slice(0, steps));
    const out = new ByteWriter();
    history.save(out);
    const loaded = new HistoryRing(4);
    loaded.load(new ByteReader(out.finish()));
    for (const each of [history, loaded]) each.push(7000, 7);
    for (let back = 0; back < 5; back++) expect(loaded.at(back)).toBe(history.at(back));
    expect([loaded.steps, loaded.last, loaded.age, loaded.timeMs]).toEqual([steps + 1, 7, 0, 7000]);
  });
});
