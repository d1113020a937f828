import { describe, expect, it } from 'vitest';
import { START_MS, seriesPoints, symbolPoints } from '../../test/support/points.ts';
import { forecastMessage, forecastTopic, messageFault } from './mqtt-message.ts';

describe('forecastTopic', () => {
  it.each([
    ['boiler/temperature', 'site/forecast/boiler/temperature'],
    ['a+b/#', 'site/forecast/a%2Bb/%23'],
    ['/leading', 'site/forecast/%2Fleading'],
    ['$SYS/load', 'site/forecast/$SYS/load'],
    ['nul\0 line\nend', 'site/forecast/nul%00 line%0Aend'],
    ['next line\u0085', 'site/forecast/next line%C2%85'],
    ['no character \uFFFE', 'site/forecast/no character %EF%BF%BE'],
    ['100 %2B', 'site/forecast/100 %252B'],
    ['θ/🌡', 'site/forecast/θ/🌡'],
  ])('%j → %j', (series, topic) => {
    expect(forecastTopic('site', series)).toBe(topic);
  });
});

describe('forecastMessage', () => {
  it('has one cell a lead', () => {
    expect(JSON.parse(forecastMessage(seriesPoints()))).toEqual({
      series: 'boiler/temperature',
      stream: 'plant',
      issued: '2024-01-01T00:00:00.000Z',
      actual: 20.5,
      target: ['2024-01-01T00:01:00.000Z', '2024-01-01T00:02:00.000Z'],
      mean: [21, 22],
      lower: [20, 21],
      upper: [22, 23],
      skill: 0.25,
    });
    expect(forecastMessage(seriesPoints({ scores: [] }))).not.toContain('skill');
  });

  it('says null for a gap', () => {
    expect(forecastMessage(seriesPoints({ actual: Number.NaN }))).toContain('"actual":null');
  });

  it('has the odds of every symbol at each lead', () => {
    const points = symbolPoints(['shoulder, "left"', '__proto__']);
    const message = JSON.parse(forecastMessage(points));
    expect(message).toMatchObject({
      actual: '__proto__',
      target: ['2024-01-01T00:01:00.000Z', '2024-01-01T00:02:00.000Z'],
    });
    expect(message.symbols.map((odds: object) => Object.entries(odds))).toEqual([
      [
        ['shoulder, "left"', 0.25],
        ['__proto__', 0.75],
      ],
      [
        ['shoulder, "left"', 0.5],
        ['__proto__', 0.5],
      ],
    ]);
    expect(JSON.parse(forecastMessage(symbolPoints(['a', 'b'], { actual: -1 }))).actual).toBeNull();
  });
});

describe('messageFault', () => {
  const fault = (over: object, topic = 'a/forecast/b') => messageFault(topic, seriesPoints(over));

  it('finds what JSON or MQTT cannot hold', () => {
    expect(fault({})).toBeUndefined();
    expect(fault({ actual: Number.NaN })).toBeUndefined();
    expect(fault({ mean: Float64Array.of(1, Number.NaN) })).toBe('not a finite number');
    expect(fault({ upper: Float64Array.of(Number.POSITIVE_INFINITY) })).toBe('not a finite number');
    expect(fault({ actual: Number.NEGATIVE_INFINITY })).toBe('not a finite number');
    expect(fault({ issuedMs: 1e16 })).toMatch(/no time that ISO 8601/);
    expect(fault({ targetMs: Float64Array.of(START_MS, Number.NaN) })).toMatch(/no time/);
    expect(fault({}, 'x'.repeat(65_536))).toBe('the name is too long for a topic');
  });
});
