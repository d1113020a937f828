/**
 * How the forecasts of one series fared, lead by lead, computed from the points alone: a forecast
 * waits until the value of its target has come, and is then compared with it, and with what the
 * last value and the seasonal naive would have said when it was made.
 *
 * Memory: the forecasts of the newest `horizon` steps, and a season of values.
 */
import type { SeriesPoints, SymbolPoints } from '../store/points.ts';
import { LeadSums, WeightSums } from './sums.ts';

/** Fewer changes, or fewer than two seasons of them, are no measure. */
const CHANGES_MIN = 10;

export interface MetricsSettings {
  readonly horizon: number;
  /** For each of these leads H: errors over leads 1..H of the windows that lie whole in the range. */
  readonly windowLeads: readonly number[];
  /** Season of the naive forecast and of MASE, in steps. */
  readonly seasonSteps: number | undefined;
  /** Targets in steps [from, to) are scored. */
  readonly from: number;
  readonly to: number;
  /** Steps [a, b) whose mean and standard deviation standardise the series. */
  readonly fit: readonly [number, number] | undefined;
  /** Nominal coverage of the widest interval. */
  readonly coverage: number;
}

/** One forecast of one lead against its truth. */
export interface Outcome {
  readonly lead: number;
  readonly actual: number;
  readonly mean: number;
  readonly lower: number;
  readonly upper: number;
}

/** Looks on as forecasts of some leads come true. */
export interface Watch {
  readonly leads: readonly number[];
  outcome(outcome: Outcome): void;
}

/** Sums over leads 1..H of whole windows. */
export interface WindowSums {
  readonly lead: number;
  windows: number;
  points: number;
  squared: number;
  absolute: number;
  lastSquared: number;
  lastAbsolute: number;
  seasonalPoints: number;
  seasonalSquared: number;
  seasonalAbsolute: number;
}

/** One lead of a series of symbols: how often the likeliest came, or the last or the season's again. */
export interface SymbolSums {
  readonly lead: number;
  count: number;
  hits: number;
  logLoss: number;
  lastHits: number;
  seasonalHits: number;
}

interface Issued {
  readonly points: SeriesPoints;
  readonly step: number;
  /** Newest known value when it was made. */
  readonly lastValue: number;
}

/** Mean and spread, one value at a time (Welford 1962). */
class Spread {
  count = 0;
  #mean = 0;
  #squares = 0;

  add(value: number): void {
    this.count++;
    const delta = value - this.#mean;
    this.#mean += delta / this.count;
    this.#squares += delta * (value - this.#mean);
  }

  /** Of the whole population; 1 where there is none. */
  get deviation(): number {
    return Math.sqrt(this.#squares / this.count) || 1;
  }
}

export class SeriesMetrics {
  readonly settings: MetricsSettings;
  readonly leads: readonly LeadSums[];
  readonly windows: readonly WindowSums[];
  readonly weights = new WeightSums();
  /** By lead, where the series is one of symbols. */
  readonly symbols = new Map<number, SymbolSums>();
  /** Steps seen; a gap that restarted the series counts as so many. */
  steps = 0;
  firstScoredMs = Number.NaN;
  lastScoredMs = Number.NaN;
  changes = 0;
  readonly #fit = new Spread();
  /** |change over a season, or over a step|: before the first scored step, and over all. */
  readonly #before = new Mean();
  readonly #all = new Mean();
  /** Forecasts by step, and values by step: rings. */
  readonly #issued: (Issued | undefined)[];
  readonly #values: Float64Array;
  /** By lead: the least whole number of seasons that reaches a value known at the issue, in steps. */
  readonly #seasonBack: Int32Array;
  #lastValue = Number.NaN;
  #nextMs = Number.NaN;
  #everyMs = Number.NaN;

  constructor(settings: MetricsSettings) {
    this.settings = settings;
    const { horizon, seasonSteps = 1 } = settings;
    this.leads = Array.from({ length: horizon }, (_, i) => new LeadSums(i + 1, settings.coverage));
    this.windows = settings.windowLeads.map(noWindows);
    this.#issued = Array.from({ length: horizon + 1 });
    this.#seasonBack = Int32Array.from({ length: horizon }, (_, i) => {
      return seasonSteps * Math.ceil((i + 1) / seasonSteps);
    });
    this.#values = new Float64Array(horizon + this.#seasonBack.at(-1)! + 1).fill(Number.NaN);
  }

  /** What standardises errors: 1 on the raw scale. */
  get scale(): number {
    return this.settings.fit ? this.#fit.deviation : 1;
  }

  /**
   * Mean absolute change over a season (or a step) before the first scored step: what MASE measures
   * by (Hyndman & Koehler 2006). Over all steps where that is too little to go by.
   */
  get changeScale(): number {
    const enough = Math.max(CHANGES_MIN, 2 * (this.settings.seasonSteps ?? 1));
    return this.#before.count >= enough ? this.#before.mean : this.#all.mean;
  }

  /** @param watch sees the forecasts whose truth came with these points */
  add(points: SeriesPoints, watch?: Watch): void {
    this.#leap(points);
    const step = this.steps++;
    const { actual } = points;
    this.#keep(step, points.symbols ? symbolOf(points.symbols) : actual);
    if (points.symbols) this.#scoreSymbols(points, points.symbols, step);
    if (!Number.isNaN(actual)) {
      for (let lead = 1; lead <= this.settings.horizon; lead++) {
        this.#scoreLead(lead, points, step);
      }
      for (const lead of watch?.leads ?? []) this.#show(lead, points, step, watch!);
      this.#lastValue = actual;
    }
    for (const window of this.windows) this.#scoreWindow(points, step, window);
    this.#issued[step % this.#issued.length] = { points, step, lastValue: this.#lastValue };
    const { from, to } = this.settings;
    if (step + 1 >= from && step + 1 < to) this.weights.add(points.weights);
    if (step >= from && step < to && points.change > 0) this.changes++;
  }

  /** After a long gap a series begins anew, some steps later. */
  #leap({ issuedMs, targetMs }: SeriesPoints): void {
    const skipped = Math.round((issuedMs - this.#nextMs) / this.#everyMs);
    if (skipped > 0) {
      this.steps += skipped;
      this.#issued.fill(undefined);
      this.#values.fill(Number.NaN);
    }
    if (targetMs.length > 0) this.#everyMs = targetMs[0]! - issuedMs;
    this.#nextMs = targetMs[0] ?? issuedMs + this.#everyMs;
  }

  #keep(step: number, actual: number): void {
    this.#values[step % this.#values.length] = actual;
    const { fit, seasonSteps = 1, from } = this.settings;
    if (Number.isNaN(actual)) return;
    if (fit && step >= fit[0] && step < fit[1]) this.#fit.add(actual);
    const change = Math.abs(actual - this.#valueAt(step - seasonSteps));
    if (Number.isNaN(change)) return;
    this.#all.add(change);
    if (step < from) this.#before.add(change);
  }

  #scoreLead(lead: number, points: SeriesPoints, step: number): void {
    const { from, to } = this.settings;
    const issued = this.#issuedAt(step - lead, lead, points);
    // By the window's first target, so that all leads are scored on forecasts of the same range.
    if (!issued || issued.step + 1 < from || step >= to) return;
    if (Number.isNaN(this.firstScoredMs)) this.firstScoredMs = points.issuedMs;
    this.lastScoredMs = points.issuedMs;
    const sums = this.leads[lead - 1]!;
    const { actual } = points;
    const mean = issued.points.mean[lead - 1]!;
    sums.add(actual, mean, issued.lastValue, this.#seasonalNaive(step, lead));
    sums.addIntervals(actual, issued.points, step - from);
  }

  #scoreSymbols({ issuedMs }: SeriesPoints, symbols: SymbolPoints, step: number): void {
    const { from, to } = this.settings;
    const actual = symbolOf(symbols);
    for (const { lead, hit, logLoss } of symbols.scores) {
      if (step - lead + 1 < from || step >= to) continue;
      if (Number.isNaN(this.firstScoredMs)) this.firstScoredMs = issuedMs;
      this.lastScoredMs = issuedMs;
      let sums = this.symbols.get(lead);
      if (!sums) {
        sums = { lead, count: 0, hits: 0, logLoss: 0, lastHits: 0, seasonalHits: 0 };
        this.symbols.set(lead, sums);
      }
      sums.count++;
      sums.logLoss += logLoss;
      if (hit) sums.hits++;
      if (this.#valueAt(step - lead) === actual) sums.lastHits++;
      if (this.#seasonalNaive(step, lead) === actual) sums.seasonalHits++;
    }
  }

  #show(lead: number, points: SeriesPoints, step: number, watch: Watch): void {
    const issued = this.#issuedAt(step - lead, lead, points);
    if (!issued) return;
    const { mean, lower, upper } = issued.points;
    const i = lead - 1;
    const { actual } = points;
    watch.outcome({ lead, actual, mean: mean[i]!, lower: lower[i]!, upper: upper[i]! });
  }

  #scoreWindow(points: SeriesPoints, step: number, sums: WindowSums): void {
    const issued = this.#issuedAt(step - sums.lead, sums.lead, points);
    const { from, to } = this.settings;
    if (!issued || issued.step + 1 < from || step >= to) return;
    sums.windows++;
    for (let lead = 1; lead <= sums.lead; lead++) {
      const actual = this.#valueAt(issued.step + lead);
      const error = issued.points.mean[lead - 1]! - actual;
      if (Number.isNaN(error)) continue;
      const lastError = issued.lastValue - actual;
      sums.points++;
      sums.squared += error * error;
      sums.absolute += Math.abs(error);
      sums.lastSquared += lastError * lastError;
      sums.lastAbsolute += Math.abs(lastError);
      const seasonalError = this.#seasonalNaive(issued.step + lead, lead) - actual;
      if (Number.isNaN(seasonalError)) continue;
      sums.seasonalPoints++;
      sums.seasonalSquared += seasonalError * seasonalError;
      sums.seasonalAbsolute += Math.abs(seasonalError);
    }
  }

  /** The forecast made at a step, where its lead is aimed at these points. */
  #issuedAt(step: number, lead: number, { issuedMs }: SeriesPoints): Issued | undefined {
    if (step < 0) return undefined;
    const issued = this.#issued[step % this.#issued.length];
    if (issued?.step !== step || issued.points.targetMs[lead - 1] !== issuedMs) return undefined;
    // A series of symbols has targets and no means.
    if (issued.points.mean.length < lead) return undefined;
    return issued;
  }

  /** The value a whole number of seasons before the target, known when the forecast was made. */
  #seasonalNaive(target: number, lead: number): number {
    if (this.settings.seasonSteps === undefined) return Number.NaN;
    return this.#valueAt(target - this.#seasonBack[lead - 1]!);
  }

  #valueAt(step: number): number {
    const kept = this.#values.length;
    // `steps` already counts the newest.
    return step < 0 || step < this.steps - kept ? Number.NaN : this.#values[step % kept]!;
  }
}

/** A plain mean. */
class Mean {
  count = 0;
  #sum = 0;

  add(value: number): void {
    this.count++;
    this.#sum += value;
  }

  get mean(): number {
    return this.#sum / this.count;
  }
}

/** A symbol as a value; NaN for a gap. */
function symbolOf({ actual }: SymbolPoints): number {
  return actual < 0 ? Number.NaN : actual;
}

function noWindows(lead: number): WindowSums {
  return {
    lead,
    windows: 0,
    points: 0,
    squared: 0,
    absolute: 0,
    lastSquared: 0,
    lastAbsolute: 0,
    seasonalPoints: 0,
    seasonalSquared: 0,
    seasonalAbsolute: 0,
  };
}
