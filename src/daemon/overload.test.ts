import { describe, expect, it } from 'vitest';
import { OverloadControl, THIN_FACTOR_MAX } from './overload.ts';

/** Second by second; gives the changes as [second, factor]. */
function run(control: OverloadControl, shares: Iterable<number>, from = 0): number[][] {
  const changes: number[][] = [];
  let second = from;
  for (const share of shares) {
    const factor = control.update(1000 * second, share);
    if (factor !== undefined) changes.push([second, factor]);
    second++;
  }
  return changes;
}
const times = (count: number, share: number): number[] =>
  Array.from({ length: count }, () => share);

describe('OverloadControl', () => {
  it('doubles every five seconds of overload, up to the most', () => {
    const control = new OverloadControl();
    expect(run(control, times(40, 1))).toEqual([
      [5, 2],
      [10, 4],
      [15, 8],
      [20, 16],
    ]);
    expect(control.factor).toBe(THIN_FACTOR_MAX);
  });

  it('lets a burst of seconds pass', () => {
    const burst = [...times(20, 0), 1, 1, ...times(20, 0)];
    expect(run(new OverloadControl(), burst)).toEqual([]);
  });

  it('halves after thirty seconds of ease, down to 1, and not before', () => {
    const control = new OverloadControl(8);
    expect(run(control, times(100, 0))).toEqual([
      [30, 4],
      [60, 2],
      [90, 1],
    ]);
    expect(run(control, times(100, 0), 100)).toEqual([]);
  });

  it('stays where it is between ease and overload', () => {
    const control = new OverloadControl(4);
    expect(run(control, times(300, 0.3))).toEqual([]);
    // Ease must last: each second of work begins it anew.
    const uneasy = Array.from({ length: 300 }, (_, i) => (i % 20 === 0 ? 0.2 : 0));
    expect(run(control, uneasy, 300)).toEqual([]);
  });

  it('tries full learning ever more seldom where it does not last', () => {
    const control = new OverloadControl();
    const changes: number[] = [];
    for (let second = 0; second < 3_600; second++) {
      const factor = control.update(1000 * second, control.factor >= 2 ? 0 : 1);
      if (factor !== undefined) changes.push(second);
    }
    const tries = changes.filter((_, i) => i % 2 === 1).map((at, i) => at - changes[2 * i]!);
    expect(tries.slice(0, 5)).toEqual([30, 60, 120, 240, 240]);
  });

  it('stands a clock that stands still, and calls far between', () => {
    const control = new OverloadControl();
    expect(control.update(0, 1)).toBeUndefined();
    expect(control.update(0, 1)).toBeUndefined();
    expect(control.update(60_000, 1)).toBe(2);
    expect(control.update(600_000, 0)).toBe(1);
  });
});
