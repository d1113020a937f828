import { describe, expect, it } from 'vitest';
import { symbolPoints } from '../../test/support/points.ts';
import type { SeriesInfo } from '../decode/series.ts';
import type { SeriesPoints } from './points.ts';
import { mergeBlocks, PointsBlockReader, PointsBlockWriter } from './points-block.ts';

const SERIES: SeriesInfo[] = [
  { id: 0, stream: 'a', name: 'a/x', receiveTime: false },
  { id: 1, stream: 'b', name: 'b/y', receiveTime: false },
];
const seriesOf = (id: number): SeriesInfo => SERIES[id]!;

function points(id: number, issuedMs: number, leads: number, scores: number): SeriesPoints {
  const values = (from: number): Float64Array =>
    Float64Array.from({ length: leads }, (_, i) => from + i / 3);
  const actual = scores > 0 ? issuedMs / 7 : Number.NaN;
  return {
    stream: SERIES[id]!.stream,
    series: SERIES[id]!.name,
    issuedMs,
    actual,
    targetMs: values(1e12),
    mean: values(1),
    lower: values(-1e-300),
    upper: values(1e300),
    inner: [0.8, 0.5].map((coverage) => ({ coverage, lower: values(-2), upper: values(2) })),
    anomaly: actual / 2,
    change: leads,
    ...(leads > 0 && { changeKind: 'below' as const }),
    scores: Array.from({ length: scores }, (_, i) => ({
      lead: i + 1,
      forecast: 0.1 + i,
      actual,
      error: 0.1 + i - actual,
      naiveError: -i / 3,
      covered: i % 2 === 0,
      coverage: 0.9,
      inner: [0.8, 0.5].map((level) => ({ level, covered: i % 3 === 0, coverage: level / 2 })),
      skill: 0.3,
    })),
  };
}

function blockOf(...rows: [points: SeriesPoints, id: number, origin: number][]): Float64Array {
  const writer = new PointsBlockWriter();
  for (const [row, id, origin] of rows) writer.add(row, SERIES[id]!, origin);
  return writer.take();
}

describe('blocks of points', () => {
  it('bring symbols back, with the names that the main thread knows', () => {
    const known = symbolPoints(['rest', 'run']);
    const unknown = symbolPoints([], {
      actual: -1,
      probability: new Float64Array(0),
      scores: [],
    });
    const silent = { ...unknown, targetMs: new Float64Array(0) };
    const { stream, series: name } = known;
    const info = { id: 3, stream, name, receiveTime: false };
    const writer = new PointsBlockWriter();
    // A thread may know fewer names than are in use.
    writer.add({ ...known, symbols: { ...known.symbols!, names: ['rest'] } }, info, 0);
    writer.add(silent, info, 1);
    writer.add(points(0, 5, 3, 2), SERIES[0]!, 2);
    const reader = new PointsBlockReader(writer.take(), (id) =>
      id === 3 ? { ...info, symbols: ['rest', 'run', 'swim'] } : seriesOf(id),
    );
    expect([reader.next(), reader.next(), reader.next()]).toEqual([
      known,
      silent,
      points(0, 5, 3, 2),
    ]);
    expect(reader.origin).toBeUndefined();
  });

  it('bring every number back as it was', () => {
    const [first, gap, large] = [points(0, 5, 3, 2), points(1, 6, 0, 0), points(0, 7, 1_000, 500)];
    const writer = new PointsBlockWriter();
    for (let round = 0; round < 2; round++) {
      writer.add(first, SERIES[0]!, 4);
      writer.add(gap, SERIES[1]!, 4);
      writer.add(large, SERIES[0]!, 9);
      const reader = new PointsBlockReader(writer.take(), seriesOf);
      expect(reader.origin).toBe(4);
      expect([reader.next(), reader.next()]).toEqual([first, gap]);
      expect(reader.origin).toBe(9);
      expect(reader.next()).toEqual(large);
      expect(reader.origin).toBeUndefined();
    }
  });

  it('bring the weights and the names of the experts back', () => {
    const weights = [1, 3].map((lead) => ({
      lead,
      experts: ['last_value', `only_${lead}`].map((expert) => ({ expert, weight: lead / 4 })),
    }));
    const row = { ...points(0, 5, 3, 2), weights };
    const writer = new PointsBlockWriter();
    writer.add(row, SERIES[0]!, 0);
    writer.add(row, SERIES[0]!, 1);
    const reader = new PointsBlockReader(writer.take(), seriesOf, undefined, writer.names);
    expect([reader.next(), reader.next()]).toEqual([row, row]);
    expect(writer.names).toEqual(['last_value', 'only_1', 'only_3']);
  });

  it('are merged in order of origin, rows of one origin in their own order', () => {
    const row = (issuedMs: number): SeriesPoints => points(0, issuedMs, 1, 0);
    const even = blockOf([row(1), 0, 0], [row(2), 0, 0], [row(5), 0, 2]);
    const odd = blockOf([row(3), 1, 0], [row(4), 1, 0], [row(6), 1, 1]);
    const merged = mergeBlocks([
      new PointsBlockReader(odd, seriesOf, [1, 7]),
      new PointsBlockReader(new Float64Array(0), seriesOf),
      new PointsBlockReader(even, seriesOf),
    ]);
    expect(merged.map(({ issuedMs }) => issuedMs)).toEqual([1, 2, 3, 4, 5, 6]);
  });
});
