import { describe, expect, it } from 'vitest';
import {
  formatDuration,
  formatPeriod,
  parseDurationMs,
  parsePeriod,
  periodMs,
} from './duration.ts';

describe('durations', () => {
  it.each([
    ['500ms', 500],
    ['10s', 10_000],
    ['5m', 300_000],
    ['1.5h', 5_400_000],
    ['1d', 86_400_000],
    ['2w', 1_209_600_000],
    ['0s', 0],
    ['1.1s', 1_100],
  ])('reads %s as %d ms', (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms);
  });

  it.each(['10', 's', '10 s', '1e3s', '10sec', '', '+1s', '1h30m', 'Infinitys', '1mo', '٣s'])(
    'refuses %j and says what is allowed',
    (text) => {
      expect(() => parseDurationMs(text)).toThrow('write a number and a unit: 500ms, 10s');
    },
  );

  it('names a negative duration, and one too long to count in ms', () => {
    expect(() => parseDurationMs('-3s')).toThrow('"-3s" is negative');
    expect(() => parseDurationMs('99999999999w')).toThrow('at most 100 years');
  });

  it('writes back what it read', () => {
    for (const text of ['500ms', '10s', '5m', '90m', '1h', '1d', '36h', '2w', '0s', '0.5ms']) {
      expect(formatDuration(parseDurationMs(text))).toBe(text);
    }
    expect(formatDuration(parseDurationMs('24h'))).toBe('1d');
  });
});

describe('periods', () => {
  it('reads calendar months and years beside durations', () => {
    expect(parsePeriod('1mo')).toEqual({ months: 1 });
    expect(parsePeriod('2y')).toEqual({ months: 24 });
    expect(parsePeriod('1m')).toEqual({ ms: 60_000 });
    expect(() => parsePeriod('1.5mo')).toThrow('1w, 1mo, 1y');
    expect(() => parsePeriod('101y')).toThrow('at most 100 years');
  });

  it('writes back what it read, and compares months with fixed times', () => {
    for (const text of ['10s', '1mo', '1y', '18mo']) {
      expect(formatPeriod(parsePeriod(text))).toBe(text);
    }
    expect(periodMs({ months: 12 })).toBe(365.25 * 86_400_000);
  });
});
