import { describe, expect, it } from 'vitest';
import type { SeriesHistory } from '../observe/monitor.ts';
import { homeRange, seriesColumns } from './series-columns.ts';

const HISTORY: SeriesHistory = {
  ...{ leads: [1], lead: 1, everyMs: 1_000 },
  timeMs: [1_000, 2_000, 5_000, 6_000],
  actual: [10, 11, null, 14],
  forecast: [null, 10.5, null, 13],
  lower: [null, 9, null, 12],
  upper: [null, 12, null, 15],
  anomaly: [0.1, 0.2, null, 0.9],
  changes: [],
  future: {
    issuedMs: 6_000,
    targetMs: [7_000, 8_000],
    mean: [15, 16],
    bands: [{ coverage: 0.9, lower: [14, 14.5], upper: [16, 17.5] }],
  },
};

describe('seriesColumns', () => {
  it('puts past and future on one axis, with a hole where steps are missing', () => {
    expect(seriesColumns(HISTORY)).toEqual([
      [1, 2, 3, 5, 6, 7, 8],
      [10, 11, null, null, 14, null, null],
      [null, 10.5, null, null, 13, null, null],
      [null, 12, null, null, 15, null, null],
      [null, 9, null, null, 12, null, null],
      [null, null, null, null, 14, 15, 16],
      [null, null, null, null, 14, 16, 17.5],
      [null, null, null, null, 14, 14, 14.5],
    ]);
  });

  it('opens no fan where the newest step is a gap', () => {
    const gap = { ...HISTORY, actual: [10, 11, 12, null] };
    expect(seriesColumns(gap)[5]).toEqual([null, null, null, null, null, 15, 16]);
  });

  it('needs no forecast', () => {
    const future = { issuedMs: null, targetMs: [], mean: [], bands: [] };
    const columns = seriesColumns({ ...HISTORY, everyMs: null, future });
    expect(columns[0]).toEqual([1, 2, 5, 6]);
    expect(columns[5]).toEqual([null, null, null, null]);
  });
});

describe('homeRange', () => {
  it('shows five horizons of past on a wide screen, and never more than there is', () => {
    const times = Array.from({ length: 1_000 }, (_, i) => i);
    expect(homeRange(times, 60, true)).toEqual([699, 999]);
    expect(homeRange(times, 60, false)).toEqual([819, 999]);
    expect(homeRange(times, 1, true)).toEqual([879, 999]);
    expect(homeRange([5, 6], 60, true)).toEqual([5, 6]);
  });
});
