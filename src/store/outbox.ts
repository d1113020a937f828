import type { SeriesPoints } from './points.ts';

/** Points waiting to be written, with one position a reader (a sink). */
export interface Outbox {
  put(points: readonly SeriesPoints[]): void;
  reader(sink: string): OutboxReader;
  /** Most points waiting for any one reader. */
  readonly depth: number;
}

export interface OutboxReader {
  /** Up to `limit` waiting points, oldest first; empty when there are none. */
  peek(limit: number): readonly SeriesPoints[];
  /** The first `count` points of the last peek are written. */
  advance(count: number): void;
  readonly depth: number;
  /** Points given up because the outbox was full. */
  readonly dropped: number;
}
