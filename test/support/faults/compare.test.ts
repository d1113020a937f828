import { describe, expect, it } from 'vitest';
import { compareStates, rowsDiffer } from './compare.ts';

const states = (...values: number[]): Map<string, Uint8Array> =>
  new Map([['a', new Uint8Array(Float64Array.from(values).buffer)]]);

describe('what the scenarios compare with', () => {
  it('tells rows that are missing and rows that should not be there', () => {
    expect(rowsDiffer(['x 1', 'x 2'], ['x 1', 'x 2'])).toBeUndefined();
    const difference = rowsDiffer(['x 1', 'x 2'], ['x 1', 'x 3', 'x 4']);
    expect(difference).toContain('of 2 rows 1 are missing, 2 should not be there');
    expect(difference).toContain('x 2');
    expect(difference).toContain('x 4');
  });

  it('takes equal states, and adds up by how much counts are higher', () => {
    expect(compareStates(states(0.5, 7, 300), states(0.5, 7, 300))).toEqual({
      faults: '',
      counted: 0,
    });
    expect(compareStates(states(0.5, 7, 300), states(0.5, 9, 65_536))).toEqual({
      faults: '',
      counted: 2 + 65_236,
    });
  });

  it('refuses everything else: other numbers, lower counts, other lengths, missing series', () => {
    const refused = [states(0.5, 7, 299), states(0.5000001, 7, 300), states(0.5, 7, -300)];
    for (const other of [...refused, states(0.5, 7), new Map<string, Uint8Array>()]) {
      expect(compareStates(states(0.5, 7, 300), other).faults).toContain('a: ');
    }
    expect(compareStates(new Map(), states(1)).faults).toContain('a: no bytes expected');
  });
});
