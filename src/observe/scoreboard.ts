import type { SeriesPoints } from '../store/points.ts';

/** Mean absolute errors of one series at one lead, over the same steps. */
export interface LeadErrors {
  readonly lead: number;
  readonly steps: number;
  readonly forecast: number;
  readonly lastValue: number;
  /** NaN where no season is known. */
  readonly seasonalNaive: number;
  /** Share of values inside the interval. */
  readonly covered: number;
}

interface SeriesBoard {
  readonly leads: Map<number, Sums>;
  /** Newest actual values, a ring by step count; empty where no season is known. */
  past: Float64Array;
  season: number | undefined;
  steps: number;
  /** Where the newest step is expected: a restart after a long gap begins the past anew. */
  nextMs: number;
}

interface Sums {
  steps: number;
  forecast: number;
  lastValue: number;
  seasonalSteps: number;
  seasonal: number;
  covered: number;
}

/** Adds up how forecasts fared against the last value and the seasonal naive, as points go by. */
export class Scoreboard {
  readonly #seasonOf: (points: SeriesPoints) => number | undefined;
  readonly #boards = new Map<string, SeriesBoard>();

  /** @param seasonOf season length in steps, told by the first points that carry a forecast */
  constructor(seasonOf: (points: SeriesPoints) => number | undefined) {
    this.#seasonOf = seasonOf;
  }

  add(points: SeriesPoints): void {
    let board = this.#boards.get(points.series);
    if (!board) {
      if (points.mean.length === 0) return;
      board = this.#createBoard(points);
      this.#boards.set(points.series, board);
    }
    if (points.issuedMs > board.nextMs) board.steps = 0;
    board.nextMs = points.targetMs[0] ?? Number.POSITIVE_INFINITY;
    for (const score of points.scores) {
      const sums = board.leads.get(score.lead) ?? noSums();
      board.leads.set(score.lead, sums);
      sums.steps++;
      sums.forecast += Math.abs(score.error);
      sums.lastValue += Math.abs(score.naiveError);
      sums.covered += Number(score.covered);
      addSeasonal(board, score.lead, score.actual, sums);
    }
    if (board.past.length > 0) board.past[board.steps % board.past.length] = points.actual;
    board.steps++;
  }

  /** Series in order of appearance, leads ascending. */
  results(): Map<string, LeadErrors[]> {
    const results = new Map<string, LeadErrors[]>();
    for (const [series, board] of this.#boards) {
      const leads = [...board.leads].sort(([a], [b]) => a - b);
      results.set(
        series,
        leads.map(([lead, s]) => ({
          lead,
          steps: s.steps,
          forecast: s.forecast / s.steps,
          lastValue: s.lastValue / s.steps,
          seasonalNaive: s.seasonalSteps > 0 ? s.seasonal / s.seasonalSteps : Number.NaN,
          covered: s.covered / s.steps,
        })),
      );
    }
    return results;
  }

  #createBoard(points: SeriesPoints): SeriesBoard {
    const season = this.#seasonOf(points);
    const capacity = season === undefined ? 0 : season * Math.ceil(points.mean.length / season);
    return {
      leads: new Map(),
      past: new Float64Array(capacity),
      season,
      steps: 0,
      nextMs: points.issuedMs,
    };
  }
}

/** Seasonal naive: the value a whole number of seasons before the target, known when issued. */
function addSeasonal(board: SeriesBoard, lead: number, actual: number, sums: Sums): void {
  if (board.season === undefined) return;
  const back = board.season * Math.ceil(lead / board.season);
  if (back > board.steps) return;
  const then = board.past[(board.steps - back) % board.past.length]!;
  if (Number.isNaN(then)) return;
  sums.seasonalSteps++;
  sums.seasonal += Math.abs(actual - then);
}

function noSums(): Sums {
  return { steps: 0, forecast: 0, lastValue: 0, seasonalSteps: 0, seasonal: 0, covered: 0 };
}
