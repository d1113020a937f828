import { describe, expect, it } from 'vitest';
import { leadScore, START_MS, seriesPoints } from '../../test/support/points.ts';
import type { SeriesPoints } from '../store/points.ts';
import { LineEncoder } from './line-protocol.ts';
import { tagText } from './tag.ts';

function encode(points: SeriesPoints, options: { actual?: boolean; precision?: 'ms' | 'ns' } = {}) {
  return new LineEncoder({ actual: true, precision: 'ms', ...options }).encode([points]);
}

describe('LineEncoder', () => {
  it('writes the layout: actual, forecast_score, forecast', () => {
    const { lines, series, rejected } = encode(seriesPoints());
    expect(lines).toEqual([
      'actual,series=boiler/temperature value=20.5 1704067200000',
      'forecast_score,lead=1,series=boiler/temperature ' +
        'forecast=21,actual=20.5,error=0.5,naive_error=-1,covered=1,coverage=0.9,skill=0.25 1704067200000',
      'forecast,series=boiler/temperature ' +
        'mean=21,lower=20,upper=22,lead=1,issued=1704067200000 1704067260000',
      'forecast,series=boiler/temperature ' +
        'mean=22,lower=21,upper=23,lead=2,issued=1704067200000 1704067320000',
    ]);
    expect(series).toEqual(Array(4).fill('boiler/temperature'));
    expect(rejected).toEqual([]);
  });

  it('writes the aligned series only where it is wanted and known', () => {
    expect(encode(seriesPoints(), { actual: false }).lines[0]).toMatch(/^forecast_score,/);
    const gap = encode(seriesPoints({ actual: Number.NaN, scores: [] }, 0));
    expect(gap).toEqual({ lines: [], series: [], rejected: [] });
  });

  it('names narrower intervals by their coverage', () => {
    const band = { coverage: 0.975, lower: Float64Array.of(20.5), upper: Float64Array.of(21.5) };
    const inner = [{ level: 0.975, covered: true, coverage: 0.96 }];
    const scores = [leadScore({ inner })];
    expect(encode(seriesPoints({ inner: [band], scores }, 1)).lines.slice(1)).toEqual([
      'forecast_score,lead=1,series=boiler/temperature forecast=21,actual=20.5,error=0.5,' +
        'naive_error=-1,covered=1,coverage=0.9,covered_97_5=1,coverage_97_5=0.96,skill=0.25 1704067200000',
      'forecast,series=boiler/temperature mean=21,lower=20,upper=22,' +
        'lower_97_5=20.5,upper_97_5=21.5,lead=1,issued=1704067200000 1704067260000',
    ]);
  });

  it('writes the anomaly score beside the value, and changes as events', () => {
    const told = seriesPoints({ anomaly: 0.75, change: 0.5, changeKind: 'larger', scores: [] }, 0);
    const event = 'forecast_event,kind=larger,series=boiler/temperature strength=0.5 1704067200000';
    expect(encode(told).lines).toEqual([
      'actual,series=boiler/temperature value=20.5,anomaly=0.75 1704067200000',
      event,
    ]);
    expect(encode(told, { actual: false }).lines).toEqual([
      'actual,series=boiler/temperature anomaly=0.75 1704067200000',
      event,
    ]);
  });

  it('writes times in ns where that is asked for', () => {
    const point = seriesPoints({ scores: [] }, 0);
    expect(encode(point, { precision: 'ns' }).lines[0]).toMatch(/ 1704067200000000000$/);
    const epoch = seriesPoints({ issuedMs: 0, scores: [] }, 0);
    expect(encode(epoch, { precision: 'ns' }).lines[0]).toMatch(/ 0$/);
  });

  it.each([
    [START_MS + 0.49, 1704067200000],
    [START_MS + 0.5, 1704067200001],
    [-0.5, 0],
    [-1.75, -2],
  ])('rounds a time of %d ms to whole ms', (timeMs, expected) => {
    const { lines } = encode(seriesPoints({ issuedMs: timeMs, scores: [] }, 0));
    expect(lines[0]!.split(' ').at(-1)).toBe(String(expected));
  });

  it.each([
    ['mean', { mean: Float64Array.of(Number.NaN, 1) }],
    ['upper', { upper: Float64Array.of(Number.POSITIVE_INFINITY, 1) }],
    ['lower', { lower: Float64Array.of(Number.NEGATIVE_INFINITY, 1) }],
  ])('never writes a %s that is no number: the other points go on', (field, over) => {
    const { lines, rejected } = encode(seriesPoints({ ...over, scores: [] }));
    expect(lines).toHaveLength(2);
    expect(lines.join()).not.toMatch(/NaN|Infinity/);
    expect(rejected).toEqual([
      { series: 'boiler/temperature', detail: expect.stringMatching(/^forecast: not a finite/) },
    ]);
    expect(rejected[0]!.detail).toMatch(new RegExp(`${field}=(NaN|-?Infinity)`));
  });

  it('never writes a score or an actual value that is no number', () => {
    const scores = [leadScore({ skill: Number.NaN }), leadScore({ lead: 2 })];
    const infinite = encode(seriesPoints({ actual: Number.POSITIVE_INFINITY, scores }, 0));
    expect(infinite.lines).toEqual([expect.stringMatching(/^forecast_score,lead=2,/)]);
    expect(infinite.rejected.map(({ detail }) => detail)).toEqual([
      'actual: not a finite number: value=Infinity',
      expect.stringMatching(/^forecast_score: not a finite number: .*skill=NaN$/),
    ]);
  });

  it('refuses times that InfluxDB cannot hold', () => {
    const { lines, rejected } = encode(seriesPoints({ issuedMs: 1e15, scores: [] }, 0));
    expect(lines).toEqual([]);
    expect(rejected[0]!.detail).toMatch(/1677 to 2262/);
  });

  it('refuses a name longer than a key may be, once a step', () => {
    const { lines, rejected } = encode(seriesPoints({ series: 'x'.repeat(70_000) }));
    expect(lines).toEqual([]);
    expect(rejected).toHaveLength(1);
    expect(rejected[0]!.series.length).toBeLessThan(100);
  });

  it('writes the extremes of doubles', () => {
    const values = [Number.MAX_VALUE, Number.MIN_VALUE, -0, 1e21, 1e-7];
    const lines = values.map(
      (actual) => encode(seriesPoints({ actual, scores: [] }, 0)).lines[0]!.split(' ')[1],
    );
    expect(lines).toEqual([
      'value=1.7976931348623157e+308',
      'value=5e-324',
      'value=0',
      'value=1e+21',
      'value=1e-7',
    ]);
  });
});

describe('tagText', () => {
  it.each([
    ['a,b=c d', ',series=a\\,b\\=c\\ d'],
    ['quote"\'', ',series=quote"\''],
    ['line\nend\r\n', ',series=line%0Aend%0D%0A'],
    ['back\\slash', ',series=back\\slash'],
    ['trailing\\', ',series=trailing%5C'],
    ['two\\\\', ',series=two\\%5C'],
    ['\\,', ',series=\\\\,'],
    ['tab\t nul\0', ',series=tab%09\\ nul%00'],
    ['100 %5C', ',series=100\\ %255C'],
    ['θ→温度🌡', ',series=θ→温度🌡'],
    ['', ''],
  ])('%j → %j', (value, text) => {
    expect(tagText('series', value)).toBe(text);
  });
});
