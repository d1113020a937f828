/**
 * Points on their way between threads, in one array of numbers that changes hands without a copy.
 * A row a step, in order of origin (see Emit):
 *
 *     origin | series id | issued | actual | n leads | k scores
 *     n target times | n means | n lowers | n uppers
 *     k × (lead, forecast, naive error, covered, skill)
 */
import type { SeriesInfo } from '../decode/series.ts';
import type { LeadScore, SeriesPoints } from '../store/points.ts';

const HEAD = 6;
const SCORE = 5;
const INITIAL_CAPACITY = 1_024;

export class PointsBlockWriter {
  #cells = new Float64Array(INITIAL_CAPACITY);
  #length = 0;

  add(points: SeriesPoints, { id }: SeriesInfo, origin: number): void {
    const { issuedMs, actual, mean, scores } = points;
    const leads = mean.length;
    this.#reserve(HEAD + 4 * leads + SCORE * scores.length);
    const cells = this.#cells;
    let at = this.#length;
    cells[at++] = origin;
    cells[at++] = id;
    cells[at++] = issuedMs;
    cells[at++] = actual;
    cells[at++] = leads;
    cells[at++] = scores.length;
    for (const values of [points.targetMs, mean, points.lower, points.upper]) {
      for (let i = 0; i < leads; i++) cells[at++] = values[i]!;
    }
    for (const { lead, forecast, naiveError, covered, skill } of scores) {
      cells[at++] = lead;
      cells[at++] = forecast;
      cells[at++] = naiveError;
      cells[at++] = covered ? 1 : 0;
      cells[at++] = skill;
    }
    this.#length = at;
  }

  /** The rows so far, in an array of their size; the writer starts again empty. */
  take(): Float64Array<ArrayBuffer> {
    const block = this.#cells.slice(0, this.#length);
    this.#length = 0;
    return block;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#cells.length) return;
    const grown = new Float64Array(Math.max(this.#cells.length * 2, this.#length + more));
    grown.set(this.#cells);
    this.#cells = grown;
  }
}

/** Reads row after row; what it gives are views into the block. */
export class PointsBlockReader {
  readonly #block: Float64Array;
  readonly #seriesOf: (id: number) => SeriesInfo;
  readonly #origins: readonly number[] | undefined;
  #at = 0;

  /** @param origins what the block's origins stand for, where they are places in a part of a batch */
  constructor(
    block: Float64Array,
    seriesOf: (id: number) => SeriesInfo,
    origins?: readonly number[],
  ) {
    this.#block = block;
    this.#seriesOf = seriesOf;
    this.#origins = origins;
  }

  /** Of the next row; undefined after the last. */
  get origin(): number | undefined {
    const origin = this.#block[this.#at];
    return origin === undefined || !this.#origins ? origin : this.#origins[origin];
  }

  next(): SeriesPoints {
    const block = this.#block;
    const [at, leads, scores] = [this.#at, block[this.#at + 4]!, block[this.#at + 5]!];
    const { stream, name } = this.#seriesOf(block[at + 1]!);
    const actual = block[at + 3]!;
    const part = (i: number): Float64Array =>
      new Float64Array(block.buffer, block.byteOffset + 8 * (at + HEAD + i * leads), leads);
    const scoresAt = at + HEAD + 4 * leads;
    this.#at = scoresAt + SCORE * scores;
    return {
      stream,
      series: name,
      issuedMs: block[at + 2]!,
      actual,
      targetMs: part(0),
      mean: part(1),
      lower: part(2),
      upper: part(3),
      scores: Array.from({ length: scores }, (_, i) => this.#score(scoresAt + SCORE * i, actual)),
    };
  }

  #score(at: number, actual: number): LeadScore {
    const block = this.#block;
    const forecast = block[at + 1]!;
    return {
      lead: block[at]!,
      forecast,
      actual,
      error: forecast - actual,
      naiveError: block[at + 2]!,
      covered: block[at + 3] === 1,
      skill: block[at + 4]!,
    };
  }
}

/** What several blocks hold, in order of origin; no two blocks share one. */
export function mergeBlocks(readers: readonly PointsBlockReader[]): SeriesPoints[] {
  const out: SeriesPoints[] = [];
  for (;;) {
    let first: PointsBlockReader | undefined;
    for (const reader of readers) {
      const { origin } = reader;
      if (origin !== undefined && (!first || origin < first.origin!)) first = reader;
    }
    if (!first) return out;
    out.push(first.next());
  }
}
