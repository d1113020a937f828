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

it('stays small however often it changes', () => {
  const history = new ThinHistory();
  for (let i = 0; i < 10_000; i++) history.add(1 + (i % 2), i);
  expect(history.changes().length).toBeLessThanOrEqual(4_096);
  expect(history.at(9_999)).toBe(2);
});
