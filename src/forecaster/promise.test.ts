import { describe, expect, it } from 'vitest';
import { type HardStream, hardStreams } from '../../test/support/hard-streams.ts';
import { best, measure } from '../../test/support/promise.ts';

const HORIZON = 12;
const LEADS = [1, 6, 12];
const streams = new Map(hardStreams().map((stream) => [stream.name, stream]));

function stream(name: string): HardStream {
  const found = streams.get(name);
  if (!found) throw new Error(`no stream ${name}`);
  return found;
}

describe('at most 1 % worse than the best expert, lead by lead', () => {
  it.each([
    'white noise',
    'constant with spikes',
    'season of changing amplitude',
    'sparse counts',
    'square wave, jumping',
    'a quantised sensor',
  ])('%s', (name) => {
    for (const errors of measure(stream(name), 'low', HORIZON, LEADS)) {
      const [, least] = best(errors);
      expect(errors.forecast / least).toBeLessThan(1.01);
    }
  });
});

describe('at most 1 % worse than the last value, lead by lead', () => {
  it.each([
    'random walk 400 (1)',
    'random walk 400 (2)',
    'random walk 400 (5)',
    'random walk 2000 (1)',
  ])('%s', (name) => {
    for (const { forecast, experts } of measure(stream(name), 'low', HORIZON, LEADS)) {
      expect(forecast / experts.get('last_value')!).toBeLessThan(1.01);
    }
  });
});
