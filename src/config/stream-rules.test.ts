import { expect, it } from 'vitest';
import { parseConfig } from './load.ts';

function faults(stream: string): string {
  try {
    parseConfig(`streams: [{ topic: t, ${stream} }]`, 'f', {}, '.');
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

it.each([
  ['bounds: {}', /bounds: is empty; give min, max or both/],
  ['bounds: { min: 1, max: 1 }', /bounds\.min: 1 is not below max \(1\); write a smaller one/],
  [
    'transform: log, bounds: { min: -1 }',
    /bounds\.min: -1 cannot be reached, since transform: log/,
  ],
  ['transform: log_return, bounds: { max: 0 }', /bounds\.max: 0 leaves nothing/],
  ['transform: ln', /transform: "ln" is not allowed; write one of none, log, difference/],
  ['bars: { price: p }', /bars: needs the length of a bar; add every to the stream/],
  ['every: 1m, bars: {}', /bars: needs the field of the price; add price/],
  ['every: 1m, bars: { price: p, volume: p }', /bars\.volume: "p" is the price already/],
  ['every: 1m, bars: { price: p }, values: p', /values: bars say which fields are taken/],
  ['every: 1m, bars: { price: p }, aggregate: last', /aggregate: bars say how samples are put/],
  ['every: 1m, payload: number, bars: { price: p }', /bars\.price: a payload that is one number/],
  ['values: v, covariates: [{ field: u }]', /covariates: need the grid of the series to be fixed/],
  ['every: 1s, covariates: [{ field: u }]', /covariates: need the values to be named; add values/],
  [
    'every: 1s, values: v, channels: apart, covariates: [{ field: u }]',
    /covariates: need channels: together/,
  ],
  ['every: 1s, values: v, covariates: [{ field: v }]', /"v" is forecast already, in values/],
  [
    'every: 1s, values: v, covariates: [{ field: u }, { field: u, known: true }]',
    /covariates\[1\]\.field: "u" is given twice/,
  ],
  ['every: 1s, bars: { price: p }, covariates: [{ field: u }]', /cannot go with bars/],
])('%s is a fault that says what to write', (stream, fault) => {
  expect(faults(stream)).toMatch(fault);
});

it.each([
  'bounds: { min: 0 }, transform: log',
  'bounds: { min: -5, max: 5 }, transform: difference',
  'every: 1m, bars: { price: p, volume: v }, transform: log_return',
  'every: 1m, payload: number, bars: {}',
  'every: 1s, values: [v, w], covariates: [{ field: u }, { field: p, known: true }]',
])('%s is sound', (stream) => {
  expect(faults(stream)).toBe('');
});
