/**
 * Points in one array of numbers: between threads, where it changes hands without a copy, and on
 * disk. A row a step, in order of origin (see Emit):
 *
 *     origin | series id | issued | actual | anomaly | change | kind of change (−1: none)
 *     n leads | m intervals | k scores | w weights | symbols? (see points-block-symbols.ts)
 *     m nominal coverages | n target times | n means | m × (n lowers, n uppers)
 *     k × (lead, forecast, naive error, skill, m × (covered, coverage))
 *     w × (lead, e experts, e × (name, weight))      a name is its place in the writer's list
 *     symbols
 */
import type { SeriesInfo } from '../decode/series.ts';
import { CHANGE_KINDS } from '../forecaster/change-detector.ts';
import type { Band, LeadScore, LeadWeights, SeriesPoints } from './points.ts';
import { readSymbols, symbolCells } from './points-block-symbols.ts';

const HEAD = 12;
const INITIAL_CAPACITY = 1_024;
/** A series of symbols has its own. */
const NO_TARGETS = new Float64Array(0);

export class PointsBlockWriter {
  /** Experts named so far: what the numbers in a row stand for. */
  readonly names: string[] = [];
  #cells = new Float64Array(INITIAL_CAPACITY);
  #length = 0;

  /** Cells of the rows so far. */
  get length(): number {
    return this.#length;
  }

  add(points: SeriesPoints, { id }: Pick<SeriesInfo, 'id'>, origin: number): void {
    const { mean, scores, inner, weights = [], symbols } = points;
    const [leads, intervals] = [mean.length, inner.length + 1];
    const experts = weights.reduce((sum, { experts }) => sum + experts.length, 0);
    const scoreCells = (4 + 2 * intervals) * scores.length;
    this.#reserve(
      HEAD + intervals + (2 + 2 * intervals) * leads + scoreCells + 2 * (weights.length + experts),
    );
    const kind = points.changeKind ? CHANGE_KINDS.indexOf(points.changeKind) : -1;
    this.#put(origin, id, points.issuedMs, points.actual, points.anomaly, points.change, kind);
    this.#put(leads, intervals, scores.length, weights.length, Number(symbols !== undefined));
    this.#put(Number.NaN, ...inner.map(({ coverage }) => coverage));
    this.#copy(symbols ? NO_TARGETS : points.targetMs, mean, points.lower, points.upper);
    for (const { lower, upper } of inner) this.#copy(lower, upper);
    for (const score of scores) this.#putScore(score);
    for (const lead of weights) this.#putWeights(lead);
    if (!symbols) return;
    const cells = symbolCells(points.targetMs, symbols);
    this.#reserve(cells.length);
    this.#copy(cells);
  }

  #putScore(score: LeadScore): void {
    this.#put(score.lead, score.forecast, score.naiveError, score.skill);
    this.#put(Number(score.covered), score.coverage);
    for (const { covered, coverage } of score.inner) this.#put(Number(covered), coverage);
  }

  #putWeights({ lead, experts }: LeadWeights): void {
    this.#put(lead, experts.length);
    for (const { expert, weight } of experts) this.#put(this.#nameOf(expert), weight);
  }

  #nameOf(expert: string): number {
    const known = this.names.indexOf(expert);
    return known < 0 ? this.names.push(expert) - 1 : known;
  }

  #put(...values: number[]): void {
    for (const value of values) this.#cells[this.#length++] = value;
  }

  #copy(...arrays: Float64Array[]): void {
    for (const values of arrays) {
      this.#cells.set(values, this.#length);
      this.#length += values.length;
    }
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
  readonly #names: readonly string[];
  #at = 0;

  /**
   * @param origins what the block's origins stand for, where they are places in a part of a batch
   * @param names the writer's
   */
  constructor(
    block: Float64Array,
    seriesOf: (id: number) => SeriesInfo,
    origins?: readonly number[],
    names: readonly string[] = [],
  ) {
    this.#block = block;
    this.#seriesOf = seriesOf;
    this.#origins = origins;
    this.#names = names;
  }

  /** Of the next row; undefined after the last. */
  get origin(): number | undefined {
    const origin = this.#block[this.#at];
    return origin === undefined || !this.#origins ? origin : this.#origins[origin];
  }

  next(): SeriesPoints {
    const head = this.#view(HEAD);
    const [, id, issuedMs, actual, anomaly, change, kind] = head;
    const [leads, intervals, scores, weights, symbols] = head.subarray(7);
    const { stream, name, symbols: names = [] } = this.#seriesOf(id!);
    const coverages = this.#view(intervals!);
    const targetMs = this.#view(leads!);
    const mean = this.#view(leads!);
    const bands: Band[] = Array.from(coverages, (coverage) => ({
      coverage,
      lower: this.#view(leads!),
      upper: this.#view(leads!),
    }));
    const [{ lower, upper }, ...inner] = bands as [Band, ...Band[]];
    const points = {
      stream,
      series: name,
      issuedMs: issuedMs!,
      actual: actual!,
      targetMs,
      mean,
      lower,
      upper,
      inner,
      anomaly: anomaly!,
      change: change!,
      ...(kind! >= 0 && { changeKind: CHANGE_KINDS[kind!]! }),
      scores: Array.from({ length: scores! }, () => this.#score(actual!, coverages)),
    };
    const told = Array.from({ length: weights! }, () => this.#leadWeights());
    const all = weights === 0 ? points : { ...points, weights: told };
    return symbols === 1 ? { ...all, ...readSymbols((n) => this.#view(n), names) } : all;
  }

  #view(length: number): Float64Array {
    const view = this.#block.subarray(this.#at, this.#at + length);
    this.#at += length;
    return view;
  }

  #score(actual: number, levels: Float64Array): LeadScore {
    const [lead, forecast, naiveError, skill] = this.#view(4);
    const [outer, ...inner] = Array.from(levels, (level) => {
      const [covered, coverage] = this.#view(2);
      return { level, covered: covered === 1, coverage: coverage! };
    });
    return {
      lead: lead!,
      forecast: forecast!,
      actual,
      error: forecast! - actual,
      naiveError: naiveError!,
      covered: outer!.covered,
      coverage: outer!.coverage,
      inner,
      skill: skill!,
    };
  }

  #leadWeights(): LeadWeights {
    const [lead, count] = this.#view(2);
    const experts = Array.from({ length: count! }, () => {
      const [name, weight] = this.#view(2);
      return { expert: this.#names[name!]!, weight: weight! };
    });
    return { lead: lead!, experts };
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
