import { expect, it } from 'vitest';
import { ThinHistory } from './thin-history.ts';

it('tells the factor of each entry, in whatever order changes come', () => {
  const history = new ThinHistory();
  expect(history.at(7)).toBe(1);
  history.add(4, 20);
  history.add(2, 10);
  history.add(4, 20);
  history.add(1, 30);
  const at = (...offsets: number[]): number[] => offsets.map((offset) => history.at(offset));
  expect(at(0, 9, 10, 19, 20, 29, 30, 1e9)).toEqual([1, 1, 2, 2, 4, 4, 1, 1]);
  expect(history.changes().map(({ offset }) => offset)).toEqual([10, 20, 30]);
});

it('keeps what is in force at the oldest entry that may come again', () => {
  const history = new ThinHistory();
  for (const [offset, factor] of [
    [10, 2],
    [20, 4],
    [30, 8],
  ] as const)
    history.add(factor, offset);
  history.dropBefore(5);
  expect(history.changes()).toHaveLength(3);
  history.dropBefore(25);
  expect(history.changes()).toEqual([
    { offset: 20, factor: 4 },
    { offset: 30, factor: 8 },
  ]);
  history.dropBefore(1_000);
  expect(history.changes()).toEqual([{ offset: 30, factor: 8 }]);
});

it('stays small when nobody drops anything', () => {
  const history = new ThinHistory();
  for (let i = 0; i < 10_000; i++) history.add(1 + (i % 2), i);
  expect(history.changes().length).toBeLessThanOrEqual(4_096);
  expect(history.at(9_999)).toBe(2);
});
