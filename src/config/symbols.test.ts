import { expect, it } from 'vitest';
import { parseConfig } from './load.ts';

const faults = (yaml: string): string => {
  try {
    parseConfig(`streams: [{ topic: a, ${yaml} }]`, 'test.yaml', {}, '.');
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

it('a stream of symbols', () => {
  expect(faults('kind: symbol, payload: text, every: 1d, aggregate: last')).toBe('');
  expect(faults('kind: symbol, values: [a, b]')).toBe('');
});

it.each([
  ['payload: text', /payload: holds a symbol; add kind: symbol/],
  ['kind: symbol, payload: number', /payload: is no symbol; write text/],
  ['kind: symbol, aggregate: mean', /aggregate: symbols have no mean; write last or none/],
  ['kind: symbol, horizon: 97', /horizon: of symbols is at most 96 steps; shorten it/],
  ['kind: symbol, payload: text, values: x', /values: a payload that is one symbol has no fields/],
  ['kind: symbol, symbols_max: 257', /symbols_max: .*256/],
  [
    'kind: symbol, every: 1d, model: { initial_weights: w }',
    /initial_weights: are those of a series of numbers; remove them/,
  ],
  ['kind: symbol, transform: log', /transform: is for numbers/],
  ['kind: symbol, bounds: { min: 0 }', /bounds: is for numbers/],
  ['kind: symbol, every: 1m, bars: {}', /bars: is for numbers/],
  ['kind: symbol, every: 1d, values: a, covariates: [{ field: b }]', /covariates: is for numbers/],
])('%s is a fault', (yaml, message) => {
  expect(faults(yaml)).toMatch(message);
});
