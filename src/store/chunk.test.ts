import { describe, expect, it } from 'vitest';
import { LOOKUP } from '../../test/support/disk-outbox.ts';
import { leadScore, seriesPoints, symbolPoints } from '../../test/support/points.ts';
import { LineEncoder } from '../sink/line-protocol.ts';
import { ChunkWriter, readChunk, type SeriesLookup } from './chunk.ts';
import type { SeriesPoints } from './points.ts';

function chunkOf(points: readonly SeriesPoints[], lookup = LOOKUP): Uint8Array {
  const writer = new ChunkWriter(lookup);
  for (const point of points) writer.add(point);
  return writer.finish();
}

describe('a chunk', () => {
  it('gives points back as they were, experts and symbols too', () => {
    const lookup: SeriesLookup = {
      ...LOOKUP,
      seriesOf: (id) => ({ ...LOOKUP.seriesOf(id)!, symbols: ['rest', 'run', 'swim'] }),
    };
    const weights = [{ lead: 1, experts: [{ expert: 'last_value', weight: 0.5 }] }];
    const points = [
      seriesPoints({ series: 's0', actual: Number.NaN, scores: [], weights }, 3),
      seriesPoints({ series: 's7', scores: [leadScore(), leadScore({ lead: 2 })] }, 0),
      { ...symbolPoints(['rest', 'run']), series: 's3' },
    ];
    expect(readChunk(chunkOf(points, lookup), 3, lookup)).toEqual(points);
  });

  it('is full by points, or by bytes', () => {
    const small = new ChunkWriter(LOOKUP);
    while (!small.full) small.add(seriesPoints({ series: 's0' }, 1));
    expect(small.count).toBe(500);
    const large = new ChunkWriter(LOOKUP);
    while (!large.full) large.add(seriesPoints({ series: 's0' }, 1_000));
    expect(large.count).toBeLessThan(12);
    expect(large.finish().length).toBeLessThan(300_000);
  });

  it('has nothing to say of a series that nobody knows any more, and keeps the others', () => {
    const points = [
      seriesPoints({ series: 's1', change: 2, changeKind: 'larger', scores: [leadScore()] }, 3),
      { ...symbolPoints(['rest', 'run']), series: 's1' },
      seriesPoints({ series: 's2' }, 2),
    ];
    const bytes = chunkOf(points);
    const lookup = {
      ...LOOKUP,
      seriesOf: (id: number) => (id === 1 ? undefined : LOOKUP.seriesOf(id)),
    };
    const read = readChunk(bytes, 3, lookup);
    expect(read[2]).toEqual(points[2]);
    const encoder = new LineEncoder({ actual: true, precision: 'ms' });
    expect(encoder.encode(read.slice(0, 2))).toEqual({ lines: [], series: [], rejected: [] });
  });

  it('refuses what is no chunk, and to write a series that nobody knows', () => {
    const bytes = chunkOf([seriesPoints({ series: 's4' })]);
    expect(() => readChunk(bytes, 2, LOOKUP)).toThrow('holds 1 points, not 2');
    expect(() => readChunk(bytes.slice(0, -8), 1, LOOKUP)).toThrow(/ends at byte/);
    expect(() => readChunk(new Uint8Array(40).fill(0x7f), 1, LOOKUP)).toThrow();
    expect(() => chunkOf([seriesPoints()], { ...LOOKUP, idOf: () => undefined })).toThrow(
      'series "boiler/temperature" has no id',
    );
  });
});
