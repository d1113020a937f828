/**
 * What the report draws of one recording, kept small while the recording passes: the newest steps
 * whole, and the rest in buckets of time.
 */
import type { SeriesPoints } from '../../store/points.ts';
import type { Outcome, SeriesMetrics } from '../metrics.ts';
import type { Plan } from '../plan.ts';
import type { Watcher } from '../run.ts';
import { Buckets, type BucketsView } from './buckets.ts';
import { round } from './round.ts';

/** Cells that the page holds in all, about 7 characters each. */
const CELLS_MAX = 450_000;
const SERIES_MAX = 40;
const LEADS_MAX = 4;
/** Cells that a bucket and a step take, about. */
const BUCKET_CELLS = 60;
const STEP_CELLS = 14;

/** Leads 1..horizon: mean absolute errors, and coverage of the widest interval. */
export interface ByLead {
  readonly mae: number[];
  readonly lastValue: number[];
  readonly seasonalNaive: number[];
  readonly coverage: number[];
}

/** What is drawn of one series; times are s since the epoch, as uPlot wants them. */
export interface SeriesView {
  readonly series: string;
  readonly byLead: ByLead;
  readonly tail: {
    readonly time: number[];
    readonly actual: (number | null)[];
    /** By place in `leads`: forecasts by their target. */
    readonly forecasts: readonly Forecasts[];
  };
  /** The newest forecast, of what is yet to come. */
  readonly next: { readonly time: number[] } & Forecasts;
  readonly buckets: BucketsView;
  readonly changes: number[];
}

interface Forecasts {
  readonly mean: (number | null)[];
  readonly lower: (number | null)[];
  readonly upper: (number | null)[];
}

interface Step {
  readonly timeMs: number;
  readonly actual: number;
  readonly outcomes: readonly (Outcome | undefined)[];
}

interface SeriesState {
  readonly metrics: SeriesMetrics;
  readonly tail: Step[];
  readonly buckets: Buckets;
  readonly changesMs: number[];
  newest: SeriesPoints;
}

export class ReportCollector implements Watcher {
  readonly plan: Plan;
  /** At most four: each has a chart of its own to be chosen. */
  readonly leads: readonly number[];
  /** Series beyond what a page can hold. */
  left = 0;
  readonly #steps: number;
  readonly #buckets: number;
  readonly #series = new Map<string, SeriesState>();
  readonly #leftOut = new Set<string>();
  /** Of the step that is being told: by place in `leads`. */
  #outcomes: (Outcome | undefined)[] = [];

  /** @param files that share the page */
  constructor(plan: Plan, files: number) {
    this.plan = plan;
    this.leads = fewLeads(plan.scoring.leads);
    const series = Math.min(plan.seriesCount ?? SERIES_MAX, SERIES_MAX) * files;
    const cells = CELLS_MAX / series / 2;
    this.#buckets = clamp(cells / BUCKET_CELLS, 40, 300);
    this.#steps = clamp(cells / STEP_CELLS, 100, 1_500);
  }

  outcome(outcome: Outcome): void {
    this.#outcomes[this.leads.indexOf(outcome.lead)] = outcome;
  }

  step(points: SeriesPoints, metrics: SeriesMetrics): void {
    const outcomes = this.#outcomes;
    this.#outcomes = [];
    // Symbols have no values to draw.
    if (points.symbols) return;
    const state = this.#series.get(points.series) ?? this.#create(points, metrics);
    if (!state) return;
    state.newest = points;
    state.tail.push({ timeMs: points.issuedMs, actual: points.actual, outcomes });
    // Cut now and then, not each time.
    if (state.tail.length >= 2 * this.#steps) state.tail.splice(0, this.#steps);
    state.buckets.add(metrics.steps - 1, points, outcomes);
    if (points.change > 0) {
      state.changesMs.push(points.issuedMs);
      if (state.changesMs.length > this.#buckets) state.changesMs.shift();
    }
  }

  views(): SeriesView[] {
    return [...this.#series].map(([series, state]) => {
      const tail = state.tail.slice(-this.#steps);
      const { newest } = state;
      const at = (values: Float64Array): (number | null)[] => Array.from(values, round);
      return {
        series,
        byLead: byLead(state.metrics),
        tail: {
          time: tail.map(({ timeMs }) => timeMs / 1000),
          actual: tail.map(({ actual }) => round(actual)),
          forecasts: this.leads.map((_, i) => ({
            mean: tail.map(({ outcomes }) => round(outcomes[i]?.mean)),
            lower: tail.map(({ outcomes }) => round(outcomes[i]?.lower)),
            upper: tail.map(({ outcomes }) => round(outcomes[i]?.upper)),
          })),
        },
        next: {
          time: Array.from(newest.targetMs, (ms) => ms / 1000),
          mean: at(newest.mean),
          lower: at(newest.lower),
          upper: at(newest.upper),
        },
        buckets: state.buckets.view(),
        changes: state.changesMs.map((ms) => ms / 1000),
      };
    });
  }

  #create(points: SeriesPoints, metrics: SeriesMetrics): SeriesState | undefined {
    if (this.#series.size >= SERIES_MAX) {
      this.#leftOut.add(points.series);
      this.left = this.#leftOut.size;
      return undefined;
    }
    const state = {
      metrics,
      tail: [],
      buckets: new Buckets(this.#buckets, this.plan.steps, this.leads),
      changesMs: [],
      newest: points,
    };
    this.#series.set(points.series, state);
    return state;
  }
}

function byLead({ leads, scale }: SeriesMetrics): ByLead {
  const cells = (of: (sums: (typeof leads)[number]) => number): number[] =>
    leads.map((sums) => round(of(sums)) ?? Number.NaN);
  return {
    mae: cells((s) => s.absolute / s.count / scale),
    lastValue: cells((s) => s.lastAbsolute / s.count / scale),
    seasonalNaive: cells((s) => s.seasonalAbsolute / s.seasonalCount / scale),
    coverage: cells((s) => s.bands[0]!.inside / s.count),
  };
}

function fewLeads(leads: readonly number[]): number[] {
  if (leads.length <= LEADS_MAX) return [...leads];
  return Array.from(
    { length: LEADS_MAX },
    (_, i) => leads[Math.round((i * (leads.length - 1)) / (LEADS_MAX - 1))]!,
  );
}

function clamp(value: number, least: number, most: number): number {
  return Math.floor(Math.max(least, Math.min(most, value)));
}
