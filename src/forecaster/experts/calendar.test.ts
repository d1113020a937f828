import { describe, expect, it } from 'vitest';
import { calendarPeriodsMs, calendarPhase } from './calendar.ts';

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;

describe('calendar', () => {
  it.each([
    [200, []],
    [30_000, []],
    [MINUTE, [DAY]],
    [60 * MINUTE, [DAY, 7 * DAY]],
    [360 * MINUTE, [DAY, 7 * DAY]],
    [DAY, [7 * DAY, 365.2425 * DAY]],
    [30.4375 * DAY, [365.2425 * DAY]],
    [400 * DAY, []],
  ])('a grid of %d ms has the cycles %j', (everyMs, periods) => {
    expect(calendarPeriodsMs(everyMs)).toEqual(periods);
  });

  it('tells where in the cycle a time lies', () => {
    const noon = Date.UTC(2024, 1, 29, 12);
    expect(calendarPhase(noon, DAY)).toBeCloseTo(Math.PI, 12);
    expect(calendarPhase(noon + DAY / 4, DAY)).toBeCloseTo(1.5 * Math.PI, 12);
  });
});
