import { describe, expect, it } from 'vitest';
import { HistoryRing } from './history-ring.ts';
import { roundTogether } from './round.ts';

const NOTHING = new Float64Array(0);
const NONE = { mean: NOTHING, lower: NOTHING, upper: NOTHING };
const STEP_MS = 1_000;

/** A forecast of `leads` steps after step i: i.lead, and ±1 around it. */
function forecast(i: number, leads: number, base = 0) {
  const cells = (shift: number): Float64Array =>
    Float64Array.from({ length: leads }, (_, k) => base + i + (k + 1) / 8 + shift);
  return { mean: cells(0), lower: cells(-1), upper: cells(1) };
}

function add(ring: HistoryRing, i: number, actual = i, follows = i > 0): void {
  ring.add(i * STEP_MS, follows, actual, i / 1024, forecast(i, 3));
}

describe('HistoryRing', () => {
  it('lines forecasts up with their targets', () => {
    const ring = new HistoryRing(4, [1, 3]);
    for (let i = 0; i < 5; i++) add(ring, i, i === 3 ? Number.NaN : i);
    expect(ring.columns(0)).toEqual({
      timeMs: [1_000, 2_000, 3_000, 4_000],
      actual: [1, 2, null, 4],
      forecast: [0.125, 1.125, 2.125, 3.125],
      lower: [-0.875, 0.125, 1.125, 2.125],
      upper: [1.125, 2.125, 3.125, 4.125],
      anomaly: [1 / 1024, 2 / 1024, 3 / 1024, 4 / 1024],
    });
    expect(ring.columns(1).forecast).toEqual([null, null, 0.375, 1.375]);
    expect(ring.actuals(2)).toEqual([null, 4]);
  });

  it('shows the newest steps alone, all with forecasts, however often it has gone round', () => {
    const ring = new HistoryRing(100, [1, 3]);
    for (let i = 0; i < 1_000; i++) add(ring, i);
    const { timeMs, forecast, actual } = ring.columns(1);
    expect(timeMs).toEqual(Array.from({ length: 100 }, (_, k) => (900 + k) * STEP_MS));
    expect(actual).toEqual(Array.from({ length: 100 }, (_, k) => 900 + k));
    expect(forecast).toEqual(Array.from({ length: 100 }, (_, k) => 897.375 + k));
  });

  it('leads no forecast over a step that does not follow', () => {
    const ring = new HistoryRing(8, [2]);
    for (let i = 0; i < 3; i++) add(ring, i);
    for (let i = 10; i < 14; i++) add(ring, i, i, i > 10);
    expect(ring.columns(0).forecast).toEqual([null, null, 0.25, null, null, 10.25, 11.25]);
    // … and remembers such a step when the ring has gone round.
    for (let i = 14; i < 21; i++) add(ring, i);
    add(ring, 40, 40, false);
    for (let i = 41; i < 47; i++) add(ring, i);
    const { forecast } = ring.columns(0);
    expect(forecast).toEqual([18.25, null, null, 40.25, 41.25, 42.25, 43.25, 44.25]);
  });

  it('begins anew where time goes back, and has gaps where nothing was forecast', () => {
    const ring = new HistoryRing(8, [1]);
    for (let i = 0; i < 5; i++) add(ring, i);
    ring.add(2_000, false, 7, Number.NaN, NONE);
    ring.add(3_000, true, 8, Number.NaN, NONE);
    const { timeMs, actual, forecast, anomaly } = ring.columns(0);
    expect({ timeMs, actual, forecast, anomaly }).toEqual({
      timeMs: [2_000, 3_000],
      actual: [7, 8],
      forecast: [null, null],
      anomaly: [null, null],
    });
  });

  it('keeps the digits of large numbers that move a little, also where they have drifted', () => {
    const ring = new HistoryRing(60, [1]);
    for (let i = 0; i < 500; i++) {
      const value = 1e9 + 1_000 * i + (i % 4) / 4;
      ring.add(i * STEP_MS, i > 0, value, 0, forecast(i, 1, 1e9));
    }
    const { actual } = ring.columns(0);
    actual.forEach((value, k) => {
      const i = 440 + k;
      expect(Math.abs(value! - (1e9 + 1_000 * i + (i % 4) / 4))).toBeLessThan(0.01);
    });
  });

  it('keeps nothing where nothing is to be shown', () => {
    const ring = new HistoryRing(0, [1, 3]);
    for (let i = 0; i < 5; i++) add(ring, i, i, false);
    expect([ring.count, ring.bytes, ring.actuals(60)]).toEqual([0, 0, []]);
    expect(ring.columns(0).timeMs).toEqual([]);
  });

  it('takes little room for a young series, and a stated one at most', () => {
    const ring = new HistoryRing(300, [1, 12]);
    expect(ring.bytes).toBe(32 * 40);
    for (let i = 0; i < 2_000; i++) add(ring, i);
    expect(ring.bytes).toBe(312 * 40);
  });
});

describe('roundTogether', () => {
  it('keeps what a chart can show, and no noise', () => {
    expect(roundTogether([[20.100000381, null, 23.4]], 1_000)).toEqual([[20.1, null, 23.4]]);
    expect(roundTogether([[0.1], [0.2]], 10)).toEqual([[0.1], [0.2]]);
    expect(roundTogether([[5e-9, 6e-9]], 1_000)).toEqual([[5e-9, 6e-9]]);
    expect(roundTogether([[1e300, -1e300]], 1_000)).toEqual([[1e300, -1e300]]);
    expect(roundTogether([[0, 0], []], 1_000)).toEqual([[0, 0], []]);
    expect(roundTogether([[1234567.875, 1e9]], 1_000)).toEqual([[1234568, 1e9]]);
  });
});
