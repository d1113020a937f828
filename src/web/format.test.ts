import { describe, expect, it } from 'vitest';
import {
  formatAge,
  formatBytes,
  formatDuration,
  formatNumber,
  formatPercent,
  formatRate,
  formatSigned,
} from './format.ts';

describe('formatNumber', () => {
  it.each([
    [0, '0'],
    [21.46712, '21.47'],
    [21.4, '21.40'],
    [-3, '−3'],
    [0.00123456, '0.001235'],
    [1.23456e-7, '1.235×10⁻⁷'],
    [-12_345.6, '−12,346'],
    [1_234_567, '1,234,567'],
    [6.02214e23, '6.022×10²³'],
    [1_000_000_852, '1,000,000,852'],
    [0.99996, '1.0000'],
    [null, '–'],
    [Number.NaN, '–'],
  ])('writes %s as %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });
});

it('has more digits where a narrow interval wants them', () => {
  expect(formatNumber(1.08423, 0.0001)).toBe('1.0842');
  expect(formatNumber(1_013.25, 0.05)).toBe('1,013.25');
  expect(formatNumber(1_013.25, 100)).toBe('1,013');
});

describe('shares and rates', () => {
  it('says which way a share goes', () => {
    expect([0.481, -0.12, 0, 0.001, null].map(formatSigned)).toEqual([
      ...['+48 %', '−12 %', '0 %', '0 %', '–'],
    ]);
    expect(formatPercent(0.9051, 1)).toBe('90.5 %');
  });

  it('has as many digits as a rate is worth', () => {
    expect([0, 0.421, 4.21, 42.1, 4_210.7].map(formatRate)).toEqual([
      ...['0', '0.42', '4.2', '42', '4,211'],
    ]);
  });

  it('counts bytes in powers of two', () => {
    expect([4_096, 432e6, 3.2e9].map(formatBytes)).toEqual(['4 KiB', '412 MiB', '2.98 GiB']);
  });
});

describe('times', () => {
  it.each([
    [250, '250 ms'],
    [1_000, '1 s'],
    [90_000, '90 s'],
    [300_000, '5 min'],
    [5_400_000, '90 min'],
    [3_600_000, '1 h'],
    [207_360_000, '2.4 d'],
  ])('a duration of %i ms is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('tells ages in whole seconds, and what lies ahead', () => {
    expect(formatAge(10_000, 12_400)).toBe('2 s ago');
    expect(formatAge(10_000, 10_900)).toBe('now');
    expect(formatAge(310_000, 10_000)).toBe('in 5 min');
  });
});
