import { describe, expect, it } from 'vitest';
import { parseTimeMs } from './time.ts';

const MS = Date.UTC(2026, 4, 6, 7, 8, 9);

describe('parseTimeMs', () => {
  it.each([
    [MS / 1000, 'auto', MS],
    [MS, 'auto', MS],
    [MS * 1e3, 'auto', MS],
    [MS * 1e6, 'auto', MS],
    [String(MS), 'auto', MS],
    [`${MS / 1000}.25`, 'auto', MS + 250],
    [5, 'ms', 5],
    [5, 's', 5000],
    [-86_400, 's', -86_400_000],
    [5e6, 'ns', 5],
    ['2026-05-06T07:08:09Z', 'auto', MS],
    ['2026-05-06 07:08:09', 'iso', MS],
    [' 2026-05-06T09:08:09+02:00 ', 'auto', MS],
    ['2026-05-06T09:08:09+0200', 'auto', MS],
    ['2026-05-06T07:08:09.123456789Z', 'auto', MS + 123],
    ['2026-05-06T07:08', 'auto', MS - 9000],
    ['2026-05-06', 'auto', Date.UTC(2026, 4, 6)],
    ['1949-11', 'auto', Date.UTC(1949, 10, 1)],
  ] as const)('%s (%s)', (value, unit, ms) => expect(parseTimeMs(value, unit)).toBe(ms));

  it.each([
    ['yesterday', 'auto'],
    ['', 'auto'],
    ['2026-13-01', 'auto'],
    ['2026-02-30', 'auto'],
    ['2026-05-06T25:00:00Z', 'auto'],
    ['05/06/2026', 'auto'],
    ['2026-05-06', 's'],
    [12, 'iso'],
    [Number.NaN, 'auto'],
    [Number.POSITIVE_INFINITY, 's'],
    [1e300, 'ms'],
    [true, 'auto'],
    [null, 'auto'],
    [undefined, 'auto'],
    [{}, 'auto'],
  ] as const)('refuses %s (%s)', (value, unit) => expect(parseTimeMs(value, unit)).toBeUndefined());
});
