/**
 * All series at a glance, and what each has done lately: fed with all points as they are computed, on
 * the main thread. Nothing that is learned hangs on it, so it may look at the clock.
 */
import type { SeriesPoints } from '../../store/points.ts';
import {
  type RowQuery,
  type Rows,
  SERIES_STATES,
  type SeriesBoardView,
  type SeriesHistory,
  type SeriesState,
  type SeriesSummary,
} from '../monitor.ts';
import { BoardSeries, type BoardStream, type KnownSummary } from './board-series.ts';
import { chosen } from './rows.ts';

export const ROWS_DEFAULT = 100;

export interface SeriesBoardOptions {
  /** Newest steps kept of each series; 0: neither steps nor forecasts, only how it fares. */
  readonly historySteps: number;
  /** undefined: no such stream; its points are passed over. */
  readonly streamOf: (stream: string) => BoardStream | undefined;
  /** ms; default the wall clock. */
  readonly clock?: () => number;
}

export class SeriesBoard implements SeriesBoardView {
  readonly #options: SeriesBoardOptions;
  readonly #clock: () => number;
  readonly #series = new Map<string, BoardSeries>();

  constructor(options: SeriesBoardOptions) {
    this.#options = options;
    this.#clock = options.clock ?? Date.now;
  }

  get size(): number {
    return this.#series.size;
  }

  /** Of the arrays of all series. */
  get bytes(): number {
    let sum = 0;
    for (const series of this.#series.values()) sum += series.bytes;
    return sum;
  }

  add(batch: readonly SeriesPoints[]): void {
    const nowMs = this.#clock();
    for (const points of batch) {
      const { series, stream, symbols } = points;
      const own = this.#series.get(series) ?? this.#create(series, stream, symbols !== undefined);
      own?.add(points, nowMs);
    }
  }

  /** A series of an earlier life, which may be silent for a while yet. */
  recall(series: string, stream: string, isSymbol: boolean, summary: KnownSummary): void {
    this.#create(series, stream, isSymbol)?.recall(summary);
  }

  /** The series is forgotten. */
  remove(series: string): void {
    this.#series.delete(series);
  }

  /** How many there are in each state. */
  states(): Record<SeriesState, number> {
    const nowMs = this.#clock();
    const counts = Object.fromEntries(SERIES_STATES.map((state) => [state, 0]));
    for (const series of this.#series.values()) counts[series.state(nowMs)]!++;
    return counts as Record<SeriesState, number>;
  }

  summary(series: string): SeriesSummary | undefined {
    return this.#series.get(series)?.summary(this.#clock());
  }

  rows(query: RowQuery): Rows {
    const nowMs = this.#clock();
    const { offset = 0, limit = ROWS_DEFAULT } = query;
    const fitting = chosen(this.#series.values(), query, nowMs);
    return {
      total: this.#series.size,
      matched: fitting.length,
      rows: fitting.slice(offset, offset + limit).map((series) => series.summary(nowMs)),
    };
  }

  history(series: string, lead?: number): SeriesHistory | undefined {
    const own = this.#series.get(series);
    return own?.history(lead ?? own.firstLead);
  }

  #create(series: string, stream: string, isSymbol: boolean): BoardSeries | undefined {
    const settings = this.#options.streamOf(stream);
    if (!settings) return undefined;
    const steps = this.#options.historySteps;
    const own = new BoardSeries(series, stream, settings, {
      steps,
      nowMs: this.#clock(),
      isSymbol,
    });
    this.#series.set(series, own);
    return own;
  }
}
