import { describe, expect, it, vi } from 'vitest';
import { Backoff } from './backoff.ts';
import { explainFailure } from './mqtt-failure.ts';
import { ReceiveClock, TimeOfDay } from './receive-clock.ts';
import { Tally } from './tally.ts';

const HOUR = 3_600_000;
const YEAR = 365.25 * 24 * HOUR;

describe('Backoff', () => {
  it('doubles up to the longest wait, with jitter down to half, and starts anew', () => {
    const longest = new Backoff(100, 500, () => 1);
    expect([1, 2, 3, 4, 5].map(() => longest.nextMs())).toEqual([100, 200, 400, 500, 500]);
    longest.reset();
    expect(longest.nextMs()).toBe(100);
    const shortest = new Backoff(100, 500, () => 0);
    expect([1, 2, 3, 4].map(() => shortest.nextMs())).toEqual([50, 100, 200, 250]);
  });

  it('stays at the longest wait for ever', () => {
    const backoff = new Backoff(1, 60_000, () => 1);
    for (let i = 0; i < 5_000; i++) backoff.nextMs();
    expect(backoff.nextMs()).toBe(60_000);
  });
});

describe('ReceiveClock', () => {
  it('strictly increases where time stands still or goes back', () => {
    const clock = new ReceiveClock();
    const start = Date.UTC(2200, 0);
    expect(clock.at(start)).toBe(start);
    const times = [clock.at(start), clock.at(start - 1e9)];
    expect(times).toEqual([start + 0.001, start + 0.002].map((t) => expect.closeTo(t, 3)));
    expect(new Set(times).size).toBe(2);
  });

  it('follows a clock that is set back far, and waits for one that is set back a little', () => {
    let now = 1e12;
    const clock = new ReceiveClock(() => now);
    expect(clock.now()).toBe(1e12);
    now -= 9_000;
    expect(clock.now()).toBeCloseTo(1e12 + 0.001, 3);
    now += 9_500;
    expect(clock.now()).toBe(1e12 + 500);
    now -= HOUR;
    expect(clock.now()).toBe(1e12 + 500 - HOUR);
    expect(clock.now()).toBeCloseTo(1e12 + 500.001 - HOUR, 3);
  });

  it('tells the time', () => {
    expect(Math.abs(new ReceiveClock().now() - Date.now())).toBeLessThan(1_000);
  });
});

describe('TimeOfDay', () => {
  const START = 1_700_000_000_000;

  /** The time it tells, second by second, while the wall clock is off by what `offMs` says. */
  function tell(offsMs: readonly number[]): number[] {
    let steady = START;
    let off = 0;
    const time = new TimeOfDay(
      () => steady,
      () => Math.floor(steady + off),
    );
    return offsMs.map((offMs) => {
      steady += 1_000;
      off = offMs;
      return time.now() - steady;
    });
  }

  it('goes on evenly where the wall clock is disciplined', () => {
    expect(tell([0, 400, -700, 999, -999, 0])).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it.each([
    ['an hour', HOUR],
    ['ten years', 10 * YEAR],
  ])('follows a wall clock that is %s off, either way and back again', (_, ms) => {
    expect(tell([0, ms, ms, 0, 0, -ms, -ms, 0])).toEqual([0, ms, ms, 0, 0, -ms, -ms, 0]);
  });

  it('slows down where the wall clock was set back by seconds', () => {
    const told = tell(Array.from({ length: 200 }, () => -5_000));
    for (let i = 1; i < told.length; i++) {
      // Never back, and never slower than 19 in 20.
      expect(told[i]! - told[i - 1]!).toBeGreaterThanOrEqual(-50 - 1e-6);
    }
    expect(told.at(-1)).toBeGreaterThan(-5_001);
    expect(told.at(-1)).toBeLessThan(-3_900);
  });
});

describe('explainFailure', () => {
  const failure = (code: unknown, message = '') =>
    explainFailure(Object.assign(new Error(message), { code }));

  it.each([1, 132])('code %i is about the version', (code) => {
    expect(failure(code).kind).toBe('version');
  });

  it.each([4, 5, 134, 135])('code %i is a refusal that is not hammered', (code) => {
    expect(failure(code)).toMatchObject({
      kind: 'refused',
      patient: true,
      detail: expect.stringMatching(/check username, password/),
    });
  });

  it.each([3, 137])('code %i passes', (code) => {
    expect(failure(code)).toMatchObject({ kind: 'refused', patient: false });
  });

  it('names the system error, also where there is no message', () => {
    expect(failure('ECONNREFUSED').detail).toBe('nothing listens there (ECONNREFUSED)');
    expect(failure('ESOMETHING').detail).toBe('ESOMETHING');
    expect(explainFailure(undefined)).toMatchObject({ kind: 'unreachable', hungUp: true });
  });
});

describe('Tally', () => {
  it('tells a number a second at most, and every one of them once', () => {
    vi.useFakeTimers();
    const told: number[] = [];
    const tally = new Tally((count) => told.push(count));
    for (let i = 0; i < 5; i++) tally.add();
    expect(told).toEqual([]);
    vi.advanceTimersByTime(1_000);
    expect(told).toEqual([5]);
    tally.add();
    tally.flush();
    tally.flush();
    vi.advanceTimersByTime(5_000);
    expect(told).toEqual([5, 1]);
    vi.useRealTimers();
  });
});
