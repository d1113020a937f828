import { expect, it } from 'vitest';
import { linesRange, valueRange } from './value-range.ts';

const NONE = [null, null, null];

it('shows all, where intervals are of the size of what comes', () => {
  const columns = [[0, 1, 2], [20, 22, null], [19, 21, null], NONE, NONE, [null, 22, 23]];
  expect(linesRange(columns, 0, 2)).toEqual([19, 23]);
  expect(valueRange([17, 25], [19, 23])).toEqual([17, 25]);
});

it('cuts intervals that would make a flat line of what comes', () => {
  expect(valueRange([-26, 67], [19, 23])).toEqual([13, 29]);
});

it('looks at what is seen alone', () => {
  const columns = [[0, 1, 2], [500, 20, 22], NONE, NONE, NONE, NONE];
  expect(linesRange(columns, 1, 2)).toEqual([20, 22]);
});

it('leaves a line that does not vary, and one that is not there, to the intervals', () => {
  expect(linesRange([[0, 1], [5, 5], [], [], [], []], 0, 1)).toBeUndefined();
  expect(linesRange([[], [], [], [], [], []], 0, 0)).toBeUndefined();
  expect(valueRange([3, 7], undefined)).toEqual([3, 7]);
});
