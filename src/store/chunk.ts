/**
 * Points on disk: some hundred in a row, immutable. What a chunk is stands in its key, so that a
 * start reads keys alone, and a damaged value is known by what it held:
 *
 *     key     [number of its first point, points, bytes, written at (ms, wall clock)]
 *     value   points | names of experts | a block (see points-block.ts)
 */
import type { SeriesInfo } from '../decode/series.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import type { SeriesPoints } from './points.ts';
import { PointsBlockReader, PointsBlockWriter } from './points-block.ts';

export const CHUNK_POINTS_MAX = 500;
/** A chunk is closed by the point that reaches it. */
export const CHUNK_BYTES_MAX = 256 * 1_024;

export type ChunkKey = [first: number, count: number, bytes: number, writtenMs: number];

/** Series are told by their id on disk, and by their name in points. */
export interface SeriesLookup {
  seriesOf(id: number): SeriesInfo | undefined;
  idOf(name: string): number | undefined;
}

/** One point after the other, until the chunk is full. */
export class ChunkWriter {
  readonly #lookup: SeriesLookup;
  readonly #block = new PointsBlockWriter();
  #count = 0;

  constructor(lookup: SeriesLookup) {
    this.#lookup = lookup;
  }

  get count(): number {
    return this.#count;
  }

  get full(): boolean {
    return this.#count >= CHUNK_POINTS_MAX || this.#block.length * 8 >= CHUNK_BYTES_MAX;
  }

  /** @throws Error for a series that nobody knows: a defect */
  add(points: SeriesPoints): void {
    const id = this.#lookup.idOf(points.series);
    if (id === undefined) throw new Error(`outbox: series "${points.series}" has no id`);
    this.#block.add(points, { id }, this.#count++);
  }

  finish(): Uint8Array {
    const { names } = this.#block;
    const cells = this.#block.take();
    const writer = new ByteWriter().number(this.#count).number(names.length);
    for (const name of names) writer.text(name);
    return writer.number(cells.length).numbers(cells).finish();
  }
}

/**
 * A point of a series that nobody knows any more (damaged, or forgotten) has nothing to say, so that
 * those of other series beside it keep their numbers.
 * @throws Error where the bytes are not a chunk of `count` points
 */
export function readChunk(bytes: Uint8Array, count: number, lookup: SeriesLookup): SeriesPoints[] {
  const from = new ByteReader(bytes);
  const held = from.number();
  if (held !== count) throw new Error(`holds ${held} points, not ${count}`);
  const names = Array.from({ length: from.number() }, () => from.text());
  const cells = from.number();
  if (!(cells * 8 <= bytes.length)) throw new Error(`${cells} numbers in ${bytes.length} bytes`);
  const block = new Float64Array(cells);
  from.numbers(block, 'points');
  from.end();
  const seriesOf = (id: number): SeriesInfo => lookup.seriesOf(id) ?? NOBODY;
  const reader = new PointsBlockReader(block, seriesOf, undefined, names);
  return Array.from({ length: count }, () => {
    const points = reader.next();
    return points.series === NOBODY.name ? silenced(points) : points;
  });
}

/** No series has an empty name. */
const NOBODY: SeriesInfo = { id: -1, stream: '', name: '', receiveTime: false };
const NOTHING = new Float64Array(0);

function silenced({ stream, series, issuedMs }: SeriesPoints): SeriesPoints {
  return {
    stream,
    series,
    issuedMs,
    actual: Number.NaN,
    targetMs: NOTHING,
    mean: NOTHING,
    lower: NOTHING,
    upper: NOTHING,
    inner: [],
    anomaly: Number.NaN,
    change: 0,
    scores: [],
  };
}
