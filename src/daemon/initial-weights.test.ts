import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../config/load.ts';
import { networkShape } from '../forecaster/experts/network-plan.ts';
import { initialWeights } from '../recurrent/initial.ts';
import { writeWeights } from '../recurrent/weights-file.ts';
import { forecasterSettings, streamSettings } from './settings.ts';

const dir = mkdtempSync(join(tmpdir(), 'foretide-initial-'));
afterAll(() => rmSync(dir, { recursive: true }));

const parse = (stream: string) =>
  parseConfig(`streams: [{ topic: a, horizon: 3, ${stream} }]`, 'site.yaml', {}, dir);

/** Writes the weights of a network such as this stream's. */
function writeFor(name: string, stream: string): Float64Array {
  const settings = streamSettings(parse(stream)).get('a')!;
  const { windowSteps: _, ...shape } = networkShape(
    {
      ...forecasterSettings(settings, 3_600_000, 1),
      seasonSteps: stream.includes('24h') ? [24] : [],
    },
    settings.recurrent!,
  );
  const weights = initialWeights({ ...shape, windowSteps: 1 }, 5);
  writeFileSync(join(dir, name), writeWeights({ shape, weights }));
  return weights;
}

describe('model.initial_weights', () => {
  const weights = writeFor('initial.ftw', 'every: 1h, seasons: [24h]');
  const warm = 'initial_weights: initial.ftw';

  it('are what every series of the stream starts with', () => {
    const config = parse(`every: 1h, seasons: [24h], model: { ${warm} }`);
    expect(streamSettings(config).get('a')?.recurrent?.initialWeights).toEqual(weights);
    expect(streamSettings(parse('every: 1h')).get('a')?.recurrent?.initialWeights).toBeUndefined();
  });

  it.each([
    ['every: 1h', warm, /holds gru, inputs 11, .*; the stream's network is gru, inputs 8, /],
    ['every: 1h, seasons: [24h]', `${warm}, cell: lstm`, /holds gru, .* network is lstm,/],
    ['every: 1h, seasons: [24h]', `${warm}, hidden: 8`, /hidden 24.*network is .*hidden 8/],
  ])('of another shape than with %s, { %s } are refused', (stream, model, message) => {
    const config = parse(`${stream}, model: { ${model} }`);
    expect(() => streamSettings(config)).toThrow(message);
    expect(() => streamSettings(config)).toThrow(/^stream a: model.initial_weights: .*initial.ftw/);
  });

  it('that are no weights are refused', () => {
    writeFileSync(join(dir, 'text.ftw'), 'nothing of the kind');
    const config = parse('every: 1h, model: { initial_weights: text.ftw }');
    expect(() => streamSettings(config)).toThrow(/text.ftw is not a weights file/);
  });

  it.each([
    [`model: { ${warm} }`, /model.initial_weights: needs the grid .* add every to the stream/],
    [`every: 1h, model: { ${warm}, cell: none }`, /needs a network, and model.cell is none/],
    ['every: 1h, model: { initial_weights: absent.ftw }', /absent.ftw does not exist/],
  ])('%s is a fault of the configuration', (stream, message) => {
    expect(() => parse(stream)).toThrow(message);
  });
});
