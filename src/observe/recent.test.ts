import { describe, expect, it } from 'vitest';
import { Rates } from './rate.ts';
import { RecentTimes } from './recent-times.ts';

describe('Rates', () => {
  it('tells how fast counts grow over the last ten seconds', () => {
    const rates = new Rates(10_000);
    expect(rates.perSecond(2)).toEqual([0, 0]);
    rates.mark(0, [100, 0]);
    expect(rates.perSecond(2)).toEqual([0, 0]);
    rates.mark(1_000, [110, 5]);
    expect(rates.perSecond(2)).toEqual([10, 5]);
    for (let s = 2; s <= 30; s++) rates.mark(1_000 * s, [110, 5 + 2 * s]);
    expect(rates.perSecond(2)).toEqual([0, 2]);
  });

  it('has no negative rates where counting begins anew', () => {
    const rates = new Rates(10_000);
    rates.mark(0, [100]);
    rates.mark(1_000, [1]);
    expect(rates.perSecond(1)).toEqual([0]);
  });
});

describe('RecentTimes', () => {
  it('tells percentiles of the last minute, within a hundredth', () => {
    let nowMs = 0;
    const times = new RecentTimes(() => nowMs);
    expect(times.percentiles()).toBeUndefined();
    for (let ms = 1; ms <= 1_000; ms++) times.add(ms);
    const { p50, p99 } = times.percentiles()!;
    expect(Math.abs(p50 / 500 - 1)).toBeLessThan(0.01);
    expect(Math.abs(p99 / 990 - 1)).toBeLessThan(0.01);
    nowMs = 55_000;
    times.add(7);
    expect(times.percentiles()!.p99).toBeGreaterThan(900);
    nowMs = 61_000;
    expect(Math.abs(times.percentiles()!.p99 / 7 - 1)).toBeLessThan(0.01);
    nowMs = 500_000;
    expect(times.percentiles()).toBeUndefined();
    times.add(Number.POSITIVE_INFINITY);
    times.add(-1);
    expect(times.percentiles()!.p50).toBe(0.001);
  });
});
