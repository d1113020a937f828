import { describe, expect, it } from 'vitest';
import { calendarPeriodMs, calendarPhase } from './calendar.ts';

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;

describe('calendar', () => {
  it.each([
    [200, undefined],
    [30_000, undefined],
    [MINUTE, DAY],
    [60 * MINUTE, DAY],
    [360 * MINUTE, DAY],
    [DAY, 7 * DAY],
    [30.4375 * DAY, 365.2425 * DAY],
    [400 * DAY, undefined],
  ])('a grid of %d ms has the cycle %s', (everyMs, period) => {
    expect(calendarPeriodMs(everyMs)).toBe(period);
  });

  it('tells where in the cycle a time lies', () => {
    const noon = Date.UTC(2024, 1, 29, 12);
    expect(calendarPhase(noon, DAY)).toBeCloseTo(Math.PI, 12);
    expect(calendarPhase(noon + DAY / 4, DAY)).toBeCloseTo(1.5 * Math.PI, 12);
  });
});
