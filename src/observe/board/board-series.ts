import type { SeriesPoints } from '../../store/points.ts';
import { known } from '../learned-view.ts';
import type { SeriesHistory, SeriesState, SeriesSummary } from '../monitor.ts';
import { HistoryRing } from './history-ring.ts';
import { NewestForecast } from './newest-forecast.ts';
import { roundTogether } from './round.ts';
import { seriesState } from './series-state.ts';

export const SPARK_STEPS = 60;
const CHANGES_MAX = 32;
/** A sparkline is some 20 pixels high, a chart a thousand at most, and its tooltip wants digits. */
const SPARK_PARTS = 1_000;
const CHART_PARTS = 1_000_000;
/** Forecasts of more leads are not kept: each takes as much room as all the rest. */
const LEADS_MAX = 4;

/** What the board has to know of a stream. */
export interface BoardStream {
  /** Ascending. */
  readonly scoreLeads: readonly number[];
  /** Nominal, the widest interval first. */
  readonly coverage: readonly number[];
  /** Where it is told. */
  readonly everyMs?: number | undefined;
}

/** What an earlier life has left of a series; null: not known. */
export interface KnownSummary {
  readonly newestMs: number | null;
  readonly learned: number;
  readonly skill: number | null;
  readonly coverage: number | null;
}

/** One series on the board. Numbers are NaN where they are not known. */
export class BoardSeries {
  readonly series: string;
  /** For searching and sorting. */
  readonly folded: string;
  readonly stream: string;
  lastMs = Number.NaN;
  /** Of symbols the place in their names. */
  lastValue = Number.NaN;
  skill = Number.NaN;
  coverage = Number.NaN;
  anomaly = Number.NaN;
  readonly #nominal: number;
  readonly #firstLead: number;
  readonly #leads: readonly number[];
  readonly #history: HistoryRing;
  readonly #forecast = new NewestForecast();
  /** false: its state is all that is asked for. */
  readonly #keepsSteps: boolean;
  #isSymbol: boolean;
  #everyMs: number;
  #expectedMs = Number.NaN;
  #scored = 0;
  #steps = 0;
  /** The newest step at which the errors had changed for the worse. */
  #worseStep = Number.NEGATIVE_INFINITY;
  /** When the newest value came, by the clock of the board. */
  #seenMs: number;
  #changes: { readonly timeMs: number; readonly kind: string }[] = [];

  constructor(
    series: string,
    stream: string,
    { scoreLeads, coverage, everyMs = Number.NaN }: BoardStream,
    options: { readonly steps: number; readonly nowMs: number; readonly isSymbol: boolean },
  ) {
    this.series = series;
    this.folded = series.toLowerCase();
    this.stream = stream;
    this.#nominal = coverage[0] ?? Number.NaN;
    this.#firstLead = scoreLeads[0] ?? 1;
    this.#leads = someOf(scoreLeads, LEADS_MAX);
    this.#history = new HistoryRing(options.steps, this.#leads);
    this.#keepsSteps = options.steps > 0;
    this.#isSymbol = options.isSymbol;
    this.#everyMs = everyMs;
    this.#seenMs = options.nowMs;
  }

  get isSymbol(): boolean {
    return this.#isSymbol;
  }

  /** Of its arrays. */
  get bytes(): number {
    return this.#history.bytes + this.#forecast.bytes;
  }

  /** Takes up what was known of it when it was saved. */
  recall({ newestMs, learned, skill, coverage }: KnownSummary): void {
    this.lastMs = newestMs ?? Number.NaN;
    this.skill = skill ?? Number.NaN;
    this.coverage = coverage ?? Number.NaN;
    this.#scored = learned;
    if (newestMs !== null) this.#seenMs = Math.min(this.#seenMs, newestMs);
  }

  add(points: SeriesPoints, nowMs: number): void {
    const { issuedMs, targetMs, symbols } = points;
    const actual = symbols ? codeOf(symbols.actual) : points.actual;
    this.#isSymbol = symbols !== undefined;
    this.#steps++;
    if (!Number.isNaN(actual)) {
      this.lastMs = issuedMs;
      this.lastValue = actual;
      this.#seenMs = nowMs;
    }
    if (!Number.isNaN(points.anomaly)) this.anomaly = points.anomaly;
    if (this.#keepsSteps) this.#keep(points, actual);
    if (targetMs.length > 0) {
      this.#everyMs = targetMs[0]! - issuedMs;
      this.#expectedMs = targetMs[0]!;
    }
    this.#takeScores(points);
    if (points.change > 0) this.#changed(issuedMs, points.changeKind ?? 'larger');
  }

  #keep(points: SeriesPoints, actual: number): void {
    const { issuedMs, symbols } = points;
    this.#forecast.set(points, this.#nominal);
    const mean = symbols ? this.#forecast.likeliest() : points.mean;
    const forecast = { mean, lower: points.lower, upper: points.upper };
    const follows = Math.abs(issuedMs - this.#expectedMs) < this.#everyMs / 2;
    this.#history.add(issuedMs, follows, actual, points.anomaly, forecast);
  }

  state(nowMs: number): SeriesState {
    return seriesState({
      scored: this.#scored,
      skill: this.skill,
      coverage: this.coverage,
      nominal: this.#nominal,
      stepsSinceWorse: this.#steps - this.#worseStep,
      everyMs: this.#everyMs,
      silentMs: nowMs - this.#seenMs,
    });
  }

  summary(nowMs: number): SeriesSummary {
    const isSymbol = this.#isSymbol;
    const actuals = isSymbol ? [] : this.#history.actuals(SPARK_STEPS);
    return {
      series: this.series,
      stream: this.stream,
      kind: isSymbol ? 'symbol' : 'number',
      state: this.state(nowMs),
      lastMs: known(this.lastMs),
      last: this.last(),
      next: this.#forecast.next(),
      skill: known(this.skill),
      coverage: isSymbol ? null : known(this.coverage),
      nominal: isSymbol ? null : known(this.#nominal),
      anomaly: known(this.anomaly),
      spark: roundTogether([actuals], SPARK_PARTS)[0]!,
    };
  }

  last(): number | string | null {
    if (!this.#isSymbol) return known(this.lastValue);
    return this.#forecast.names?.[this.lastValue] ?? null;
  }

  /** undefined: forecasts of that lead are not kept. */
  history(lead: number): SeriesHistory | undefined {
    const place = this.#leads.indexOf(lead);
    if (place < 0) return undefined;
    const { timeMs, anomaly, ...values } = this.#history.columns(place);
    const columns = [values.actual, values.forecast, values.lower, values.upper];
    const [actual, forecast, lower, upper] = roundTogether(columns, CHART_PARTS);
    const from = timeMs[0] ?? Number.POSITIVE_INFINITY;
    const names = this.#isSymbol ? this.#forecast.names : undefined;
    return {
      leads: this.#leads,
      lead,
      everyMs: known(this.#everyMs),
      timeMs,
      ...{ actual: actual!, forecast: forecast!, lower: lower!, upper: upper! },
      anomaly: roundTogether([anomaly], SPARK_PARTS)[0]!,
      changes: this.#changes.filter((change) => change.timeMs >= from),
      future: this.#forecast.future(),
      ...(names && { symbols: names }),
    };
  }

  get firstLead(): number {
    return this.#leads[0] ?? this.#firstLead;
  }

  #takeScores({ scores, symbols }: SeriesPoints): void {
    for (const score of symbols?.scores ?? scores) {
      if (score.lead !== this.#firstLead) continue;
      this.#scored++;
      this.skill = score.skill;
      if ('coverage' in score) this.coverage = score.coverage;
    }
  }

  #changed(timeMs: number, kind: string): void {
    if (kind !== 'smaller') this.#worseStep = this.#steps;
    this.#changes.push({ timeMs, kind });
    if (this.#changes.length > CHANGES_MAX) this.#changes.shift();
  }
}

function codeOf(place: number): number {
  return place < 0 ? Number.NaN : place;
}

/** The first, the last, and evenly between them. */
function someOf(leads: readonly number[], countMax: number): readonly number[] {
  if (leads.length <= countMax) return leads;
  const last = leads.length - 1;
  return Array.from({ length: countMax }, (_, i) => {
    return leads[Math.round((i * last) / (countMax - 1))]!;
  });
}
