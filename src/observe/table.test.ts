import { describe, expect, it } from 'vitest';
import { formatNumber, formatPercent, formatTable } from './table.ts';

describe('formatTable', () => {
  it('aligns names left and numbers right', () => {
    expect(
      formatTable(
        ['series', 'MAE'],
        [
          ['a', '1.0'],
          ['longer name', '12.5'],
        ],
      ),
    ).toBe('series        MAE\na             1.0\nlonger name  12.5');
  });
});

describe('formatNumber', () => {
  it.each([
    [0, '0.000'],
    [1.23456, '1.235'],
    [12.3456, '12.35'],
    [-123.456, '-123.5'],
    [123456, '123456'],
    [1e9, '1.00e+9'],
    [1e-5, '1.00e-5'],
    [Number.NaN, '–'],
  ])('%d → %s', (value, text) => expect(formatNumber(value)).toBe(text));
});

it('formatPercent', () => {
  expect(formatPercent(0.904)).toBe('90 %');
  expect(formatPercent(Number.NaN)).toBe('–');
});
