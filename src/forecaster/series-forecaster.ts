/**
 * One series: score what came due → learn → forecast, step by step.
 *
 *     value → history → scores of the forecasts for this step → weights, intervals, experts learn
 *                     → experts forecast → ensemble mixes per lead → interval around the mix
 */
import type { RecurrentEngine } from '../recurrent/engine.ts';
import { ByteReader, ByteWriter } from '../store/bytes.ts';
import { type Combiner, WeightedCombiner } from './combiner.ts';
import { Credible } from './credible.ts';
import type { Expert } from './experts/expert.ts';
import { createExperts } from './experts/registry.ts';
import type {
  ForecasterFactory,
  ScoredInterval,
  ScoredLead,
  SeasonedSettings,
  SeriesForecaster,
  StepReport,
} from './forecaster.ts';
import { VALUE_MAX } from './forecaster.ts';
import { HistoryRing } from './history.ts';
import { Intervals } from './interval.ts';
import { Mixture } from './mixture.ts';
import { Pending } from './pending.ts';
import { SeasonSeeker } from './season-seeker.ts';
import { Skill } from './skill.ts';

/** Longer seasons are left out: their history would not fit in a series' memory. */
export const SEASON_STEPS_MAX = 100_000;
/** Bounds of the memory of the experts' record. */
const MEMORY_SEASONS = 200;
const MEMORY_STEPS_MIN = 5_000;
const MEMORY_STEPS_MAX = 20_000;
const FORMAT = 'foretide forecaster 5';

export const createSeriesForecaster: ForecasterFactory = (settings, engine) =>
  settings.seasonSteps === 'auto'
    ? new SeasonSeeker(settings, (seasoned) => new OnlineForecaster(seasoned, engine))
    : new OnlineForecaster({ ...settings, seasonSteps: settings.seasonSteps }, engine);

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type MutableScore = Mutable<Omit<ScoredLead, 'intervals'>> & {
  readonly intervals: readonly Mutable<ScoredInterval>[];
};

class OnlineForecaster implements SeriesForecaster {
  readonly #horizon: number;
  readonly #experts: readonly Expert[];
  readonly #history: HistoryRing;
  readonly #mixture: Combiner;
  readonly #credible = new Credible();
  readonly #intervals: Intervals;
  readonly #skill: Skill;
  /** Lanes of a row: the experts' forecasts, the mixture's lanes, error scale, lowers and uppers. */
  readonly #pending: Pending;
  /** [experts][horizon] */
  readonly #forecasts: readonly Float64Array[];
  readonly #scales: Float64Array;
  readonly #levels: number;
  readonly #scored: readonly MutableScore[];
  readonly #scores: ScoredLead[] = [];
  readonly #report: Mutable<StepReport>;
  putAside = 0;

  constructor(given: SeasonedSettings, engine: RecurrentEngine) {
    const settings = checked(given);
    const { horizon } = settings;
    this.#horizon = horizon;
    this.#experts = createExperts(settings, engine);
    this.#history = new HistoryRing(
      Math.max(...this.#experts.map((e) => e.historySteps)),
      settings.companions,
    );
    this.#mixture =
      (settings.effort ?? 'simple') === 'simple'
        ? new WeightedCombiner(horizon, this.#experts.length)
        : new Mixture(horizon, this.#experts.length, memorySteps(settings), engine.linear);
    const coverages = widestFirst(settings.coverage);
    this.#levels = coverages.length;
    this.#intervals = new Intervals(horizon, coverages);
    this.#skill = new Skill(horizon);
    const lanes = this.#experts.length + this.#mixture.lanes + 1 + 2 * this.#levels;
    this.#pending = new Pending(horizon, lanes);
    this.#forecasts = this.#experts.map(() => new Float64Array(horizon));
    this.#scales = new Float64Array(horizon);
    this.#scored = Array.from({ length: horizon }, (_, i) => ({
      lead: i + 1,
      forecast: 0,
      naiveError: 0,
      skill: 0,
      intervals: coverages.map(() => ({ lower: 0, upper: 0, covered: false, coverage: 0 })),
    }));
    const intervals = coverages.map((coverage) => ({
      coverage,
      lower: new Float64Array(horizon),
      upper: new Float64Array(horizon),
    }));
    const { lower, upper } = intervals[0]!;
    const mean = new Float64Array(horizon);
    this.#report = { issued: false, mean, lower, upper, intervals, scores: this.#scores };
  }

  step(timeMs: number, value: number, companions: ArrayLike<number> = []): StepReport {
    const known = Math.abs(value) <= VALUE_MAX;
    for (let i = 0; i < this.#history.companions.length; i++) {
      const companion = companions[i] ?? Number.NaN;
      this.#history.companions[i] = Math.abs(companion) <= VALUE_MAX ? companion : Number.NaN;
    }
    this.#history.push(timeMs, known ? value : Number.NaN);
    this.#scores.length = 0;
    this.#report.issued = !Number.isNaN(this.#history.last);
    if (!this.#report.issued) return this.#report;

    if (known) {
      this.#score(value);
      this.#credible.add(value);
    }
    for (const expert of this.#experts) expert.learn(this.#history);
    for (let k = 0; k < this.#experts.length; k++) {
      this.#experts[k]!.forecast(this.#history, this.#forecasts[k]!);
    }
    this.#issue();
    this.#pending.next();
    return this.#report;
  }

  restart(): void {
    this.#history.clear();
    this.#pending.clear();
    for (const expert of this.#experts) expert.restart();
  }

  weights(lead: number): { expert: string; weight: number }[] {
    return this.#experts.map((expert, k) => ({
      expert: expert.name,
      weight: this.#mixture.weight(lead - 1, k),
    }));
  }

  /** The forecasts that had this step as their target: scores, weights, intervals. */
  #score(actual: number): void {
    const { values } = this.#pending;
    const experts = this.#experts.length;
    const leads = Math.min(this.#horizon, this.#pending.step);
    for (let i = 0; i < leads; i++) {
      const row = this.#pending.offset(i + 1);
      const mean = values[row + experts]!;
      const naiveError = values[row]! - actual;
      this.#skill.add(i, mean - actual, naiveError);
      this.#mixture.learn(i, values, row, actual);
      const score = this.#scored[i]!;
      score.forecast = mean;
      score.naiveError = naiveError;
      score.skill = this.#skill.skill(i);
      this.#scoreIntervals(i, actual, mean, row + experts + this.#mixture.lanes);
      this.#scores.push(score);
    }
  }

  /** @param at where the scale, and after it the bounds of each interval, were kept */
  #scoreIntervals(lead: number, actual: number, mean: number, at: number): void {
    const { values } = this.#pending;
    const { intervals } = this.#scored[lead]!;
    this.#intervals.add(lead, actual - mean);
    for (let level = 0; level < this.#levels; level++) {
      const lower = values[at + 1 + 2 * level]!;
      const upper = values[at + 2 + 2 * level]!;
      const covered = lower <= actual && actual <= upper;
      this.#intervals.learn(lead, level, actual - mean, values[at]!, covered);
      const scored = intervals[level]!;
      scored.lower = lower;
      scored.upper = upper;
      scored.covered = covered;
      scored.coverage = this.#intervals.coverage(lead, level);
    }
  }

  /** Mixes what the experts say, puts the interval around it, and keeps it all for its target. */
  #issue(): void {
    const { values } = this.#pending;
    const experts = this.#experts.length;
    const { mean, intervals } = this.#report;
    // With no error known, a value may be off by as much as itself.
    this.#intervals.scales(Math.abs(this.#history.last), this.#scales);
    for (let i = 0; i < this.#horizon; i++) {
      const row = this.#pending.offset(i + 1);
      for (let k = 0; k < experts; k++) values[row + k] = this.#heard(k, i);
      const scale = this.#scales[i]!;
      const mix = this.#mixture.mix(i, values, row);
      mean[i] = mix;
      const behind = row + experts + this.#mixture.lanes;
      values[behind] = scale;
      for (let level = 0; level < this.#levels; level++) {
        const { lower, upper } = intervals[level]!;
        lower[i] = this.#intervals.lower(i, mix, scale, level);
        upper[i] = this.#intervals.upper(i, mix, scale, level);
        values[behind + 1 + 2 * level] = lower[i]!;
        values[behind + 2 + 2 * level] = upper[i]!;
      }
    }
  }

  /** What an expert says at a lead (0-based); NaN, and counted, if it is no credible number. */
  #heard(expert: number, lead: number): number {
    const forecast = this.#forecasts[expert]![lead]!;
    if (Number.isNaN(forecast)) return forecast;
    if (expert === 0 || (Number.isFinite(forecast) && this.#credible.has(forecast))) {
      return forecast;
    }
    this.putAside++;
    return Number.NaN;
  }

  save(): Uint8Array {
    const out = new ByteWriter().text(FORMAT).number(this.#horizon).number(this.#experts.length);
    for (const expert of this.#experts) out.text(expert.name).bytes(expert.save());
    this.#history.save(out);
    this.#pending.save(out);
    this.#mixture.save(out);
    this.#intervals.save(out);
    this.#skill.save(out);
    this.#credible.save(out);
    out.number(this.putAside);
    return out.finish();
  }

  load(bytes: Uint8Array): void {
    const from = new ByteReader(bytes);
    same('format', from.text(), FORMAT);
    same('horizon', from.number(), this.#horizon);
    same('number of experts', from.number(), this.#experts.length);
    for (const expert of this.#experts) {
      same('expert', from.text(), expert.name);
      expert.load(from.bytes());
    }
    this.#history.load(from);
    this.#pending.load(from);
    this.#mixture.load(from);
    this.#intervals.load(from);
    this.#skill.load(from);
    this.#credible.load(from);
    this.putAside = from.number();
    from.end();
  }
}

/** Steps that an expert's record counts: some hundred of the longest season. */
function memorySteps({ seasonSteps }: SeasonedSettings): number {
  return clamp(MEMORY_SEASONS * (seasonSteps.at(-1) ?? 0), MEMORY_STEPS_MIN, MEMORY_STEPS_MAX);
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}

function same(what: string, saved: string | number, wanted: string | number): void {
  if (saved === wanted) return;
  throw new Error(`saved forecaster: ${what} is "${saved}", but these settings need "${wanted}"`);
}

function widestFirst(coverage: number | readonly number[]): number[] {
  return [...new Set([coverage].flat())].sort((a, b) => b - a);
}

function checked(settings: SeasonedSettings): SeasonedSettings {
  const { horizon, coverage, everyMs, seasonSteps } = settings;
  if (!(Number.isInteger(horizon) && horizon >= 1)) {
    throw new Error(`horizon: ${horizon} is no whole number of steps from 1 up`);
  }
  const levels = widestFirst(coverage);
  if (levels.length === 0 || !levels.every((level) => level > 0 && level < 1)) {
    throw new Error(`coverage: ${coverage} is not in (0, 1)`);
  }
  if (!(everyMs > 0)) throw new Error(`everyMs: ${everyMs} is not above 0`);
  const bad = seasonSteps.find((season) => !(Number.isInteger(season) && season >= 2));
  if (bad !== undefined) throw new Error(`season: ${bad} is no whole number of steps from 2 up`);
  return { ...settings, seasonSteps: seasonSteps.filter((season) => season <= SEASON_STEPS_MAX) };
}
