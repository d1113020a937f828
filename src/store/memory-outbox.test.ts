import { describe, expect, it } from 'vitest';
import { seriesPoints } from '../../test/support/points.ts';
import { MemoryOutbox } from './memory-outbox.ts';
import type { SeriesPoints } from './points.ts';

const none = new Float64Array(0);

function points(...times: number[]): SeriesPoints[] {
  const empty = { targetMs: none, mean: none, lower: none, upper: none, scores: [] };
  return times.map((issuedMs) => seriesPoints({ issuedMs, ...empty }));
}

const times = (batch: readonly SeriesPoints[]): number[] => batch.map((p) => p.issuedMs);

describe('MemoryOutbox', () => {
  it('gives every reader every point, each at its own pace', () => {
    const outbox = new MemoryOutbox({ pointsMax: 100 });
    const [a, b] = [outbox.reader('a'), outbox.reader('b')];
    outbox.put(points(1, 2, 3), 0);
    expect(times(a.peek(2))).toEqual([1, 2]);
    a.advance(2);
    expect(times(a.peek(9))).toEqual([3]);
    expect(times(b.peek(9))).toEqual([1, 2, 3]);
    expect(outbox.depth).toBe(3);
    b.advance(3);
    expect([a.depth, b.depth, outbox.depth]).toEqual([1, 0, 1]);
  });

  it('offers the same points again until they are advanced over', () => {
    const outbox = new MemoryOutbox({ pointsMax: 100 });
    const reader = outbox.reader('a');
    outbox.put(points(1, 2), 0);
    expect(times(reader.peek(1))).toEqual([1]);
    expect(times(reader.peek(5))).toEqual([1, 2]);
  });

  it('drops the oldest beyond the limit, counted for the reader that is behind', () => {
    const outbox = new MemoryOutbox({ pointsMax: 3 });
    const [slow, quick] = [outbox.reader('slow'), outbox.reader('quick')];
    outbox.put(points(1, 2, 3), 0);
    quick.peek(3);
    quick.advance(3);
    outbox.put(points(4, 5), 0);
    expect(times(slow.peek(9))).toEqual([3, 4, 5]);
    expect([slow.dropped, quick.dropped]).toEqual([2, 0]);
    expect(times(quick.peek(9))).toEqual([4, 5]);
  });

  it('does not count as dropped what was being written meanwhile', () => {
    const outbox = new MemoryOutbox({ pointsMax: 2 });
    const reader = outbox.reader('a');
    outbox.put(points(1, 2), 0);
    reader.peek(2);
    outbox.put(points(3), 0);
    expect(reader.dropped).toBe(1);
    reader.advance(2);
    expect(reader.dropped).toBe(0);
    expect(times(reader.peek(9))).toEqual([3]);
  });

  it('keeps nothing where nobody reads', () => {
    const outbox = new MemoryOutbox({ pointsMax: 2 });
    outbox.put(points(1, 2, 3), 0);
    expect(outbox.depth).toBe(0);
    expect(outbox.reader('late').depth).toBe(0);
  });
});
