/**
 * One series: score what came due → learn → forecast, step by step.
 *
 *     value → history → scores of the forecasts for this step → weights, intervals, experts learn
 *                     → experts forecast → ensemble mixes per lead → interval around the mix
 */
import type { RecurrentEngine } from '../recurrent/engine.ts';
import { ByteReader, ByteWriter } from '../store/bytes.ts';
import { AnomalyScore, type AnomalySize } from './anomaly/anomaly-score.ts';
import { type Change, ChangeDetector } from './change-detector.ts';
import { type Combiner, WeightedCombiner } from './combiner.ts';
import { Credible, VALUE_MAX } from './credible.ts';
import type { Expert } from './experts/expert.ts';
import { RecurrentExpert } from './experts/recurrent.ts';
import { createExperts } from './experts/registry.ts';
import { SeasonalNaive } from './experts/seasonal-naive.ts';
import type { SharedNetwork } from './experts/shared-network.ts';
import type {
  Effort,
  ForecasterFactory,
  ScoredLead,
  SeasonedSettings,
  SeriesForecaster,
  StepReport,
} from './forecaster.ts';
import { HistoryRing } from './history.ts';
import { Intervals } from './interval.ts';
import { Mixture } from './mixture.ts';
import { Pending } from './pending.ts';
import {
  createReport,
  createScores,
  type Mutable,
  type MutableScore,
  widestFirst,
} from './report.ts';
import { same } from './saved.ts';
import { SeasonSeeker } from './season-seeker.ts';
import { checkedSettings } from './settings.ts';
import { Skill } from './skill.ts';
import { Stepping } from './stepping.ts';
import { isLogarithmic, isOfChanges } from './transform.ts';
import { TransformedForecaster } from './transformed-forecaster.ts';
import type { ForecasterView, LeadView } from './view.ts';
import { Volatility } from './volatility.ts';

/** Bounds of the memory of the experts' record. */
const MEMORY_SEASONS = 200;
const MEMORY_STEPS_MIN = 5_000;
const MEMORY_STEPS_MAX = 20_000;
const FORMAT = 'foretide forecaster 8';
/** About 10 kB and 20 kB a series. */
const ANOMALY_SIZE: Readonly<Record<Effort, AnomalySize | undefined>> = {
  simple: undefined,
  low: { rankBins: 256, discordBlocks: 512 },
  balanced: { rankBins: 512, discordBlocks: 1024 },
  high: { rankBins: 512, discordBlocks: 1024 },
};

export const createSeriesForecaster: ForecasterFactory = (settings, engine, shared) => {
  const { seasonSteps, transform = 'none', bounds } = settings;
  const create = (seasoned: SeasonedSettings) => new OnlineForecaster(seasoned, engine, shared);
  const forecaster =
    seasonSteps === 'auto'
      ? new SeasonSeeker(settings, create)
      : create({ ...settings, seasonSteps });
  return isLogarithmic(transform) || bounds
    ? new TransformedForecaster(forecaster, settings)
    : forecaster;
};

class OnlineForecaster extends Stepping implements SeriesForecaster {
  readonly #horizon: number;
  readonly #seasons: readonly number[];
  readonly #experts: readonly Expert[];
  readonly #history: HistoryRing;
  readonly #mixture: Combiner;
  readonly #credible: Credible;
  readonly #intervals: Intervals;
  /** Where recent changes, and not the errors of each lead alone, tell the width of intervals. */
  readonly #volatility: Volatility | undefined;
  readonly #isLogarithmic: boolean;
  readonly #skill: Skill;
  readonly #changes = new ChangeDetector();
  readonly #answersChanges: boolean;
  readonly #anomaly: AnomalyScore | undefined;
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

  constructor(given: SeasonedSettings, engine: RecurrentEngine, shared?: SharedNetwork) {
    super();
    const settings = checkedSettings(given);
    const { horizon } = settings;
    this.#horizon = horizon;
    this.#seasons = settings.seasonSteps;
    this.#experts = createExperts(settings, engine, shared);
    this.#history = new HistoryRing(
      Math.max(...this.#experts.map((e) => e.historySteps)),
      settings.companions,
      (settings.knownAhead ?? 0) * (1 + horizon),
    );
    this.#mixture =
      (settings.effort ?? 'simple') === 'simple'
        ? new WeightedCombiner(horizon, this.#experts.length)
        : new Mixture({
            horizon,
            experts: this.#experts.length,
            memorySteps: memorySteps(settings),
            seasonal: seasonalPlaces(this.#experts),
            linear: engine.linear,
          });
    const coverages = widestFirst(settings.coverage);
    this.#levels = coverages.length;
    this.#intervals = new Intervals(horizon, coverages);
    const { transform = 'none' } = settings;
    this.#volatility = isOfChanges(transform) ? new Volatility(horizon) : undefined;
    this.#isLogarithmic = isLogarithmic(transform);
    this.#credible = new Credible(this.#isLogarithmic);
    this.#skill = new Skill(horizon);
    this.#answersChanges = !settings.without?.includes('change');
    const anomalySize = ANOMALY_SIZE[settings.effort ?? 'simple'];
    this.#anomaly = anomalySize && new AnomalyScore(settings.everyMs, anomalySize);
    const lanes = this.#experts.length + this.#mixture.lanes + 1 + 2 * this.#levels;
    this.#pending = new Pending(horizon, lanes);
    this.#forecasts = this.#experts.map(() => new Float64Array(horizon));
    this.#scales = new Float64Array(horizon);
    this.#scored = createScores(horizon, this.#levels);
    this.#report = createReport(horizon, coverages, this.#scores);
  }

  take(
    timeMs: number,
    value: number,
    companions: ArrayLike<number> = [],
    ahead: ArrayLike<number> = [],
  ): void {
    const known = Math.abs(value) <= VALUE_MAX;
    copyKnown(companions, this.#history.companions);
    copyKnown(ahead, this.#history.ahead);
    this.#history.push(timeMs, known ? value : Number.NaN);
    this.#scores.length = 0;
    this.#report.issued = !Number.isNaN(this.#history.last);
    this.#report.anomaly = Number.NaN;
    this.#report.change = 0;
    this.#report.changeKind = undefined;
    if (!this.#report.issued) return;

    if (known) {
      this.#score(value);
      this.#credible.add(value);
    }
    this.#watch(timeMs, known ? value : Number.NaN);
    for (const expert of this.#experts) expert.learn(this.#history);
  }

  issue(): StepReport {
    if (!this.#report.issued) return this.#report;
    for (let k = 0; k < this.#experts.length; k++) {
      this.#experts[k]!.forecast(this.#history, this.#forecasts[k]!);
    }
    this.#mix();
    this.#pending.next();
    return this.#report;
  }

  restart(): void {
    this.#history.clear();
    this.#pending.clear();
    this.#anomaly?.restart();
    for (const expert of this.#experts) expert.restart();
  }

  thin(factor: number): void {
    for (const expert of this.#experts) expert.thin?.(factor);
  }

  weights(lead: number): { expert: string; weight: number }[] {
    return this.#experts.map((expert, k) => ({
      expert: expert.name,
      weight: this.#mixture.weight(lead - 1, k),
    }));
  }

  lead(lead: number): LeadView {
    const { values } = this.#pending;
    const i = lead - 1;
    const row = this.#pending.newest(lead) + this.#experts.length;
    const bounds = row + this.#mixture.lanes + 1;
    const scored = this.#intervals.scored(i);
    const intervals = this.#report.intervals.map(({ coverage }, level) => ({
      nominal: coverage,
      coverage: this.#intervals.coverage(i, level),
      lower: values[bounds + 2 * level]!,
      upper: values[bounds + 2 * level + 1]!,
    }));
    const skill = scored > 0 ? this.#skill.skill(i) : Number.NaN;
    return { lead, scored, skill, mean: values[row]!, intervals };
  }

  view(): ForecasterView {
    const network = this.#experts.find((expert) => expert instanceof RecurrentExpert)?.network;
    const seen = { seasons: this.#seasons, putAside: this.putAside };
    return network ? { ...seen, network: network.view } : seen;
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
    this.#volatility?.learn(lead, actual - mean);
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

  /** Whether the step is strange or the series has changed, by the error one step ahead. */
  #watch(timeMs: number, value: number): void {
    const nearest = this.#scores[0];
    const error = nearest ? value - nearest.forecast : Number.NaN;
    if (this.#anomaly) this.#report.anomaly = this.#anomaly.step(timeMs, value, error);
    const change = Number.isNaN(error) ? undefined : this.#changes.add(error);
    if (change && this.#answersChanges) this.#react(change);
  }

  /** The record from before counts less; smaller errors are no reason to doubt the weights. */
  #react({ kind, strength }: Change): void {
    this.#report.change = strength;
    this.#report.changeKind = kind;
    this.#intervals.quicken(strength);
    if (kind !== 'smaller') this.#mixture.quicken(strength);
  }

  /** Mixes what the experts say, puts the interval around it, and keeps it all for its target. */
  #mix(): void {
    const { values } = this.#pending;
    const experts = this.#experts.length;
    const { mean, intervals } = this.#report;
    // With no error known, a value may be off by as much as itself.
    const unknown = this.#isLogarithmic ? Math.LN2 : Math.abs(this.#history.last);
    this.#intervals.scales(unknown, this.#scales);
    this.#volatility?.issue(this.#scales);
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
    this.#volatility?.save(out);
    this.#anomaly?.save(out);
    this.#changes.save(out);
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
    this.#volatility?.load(from);
    this.#anomaly?.load(from);
    this.#changes.load(from);
    this.putAside = from.number();
    from.end();
  }
}

/** Where the seasonal naive forecasts stand among the experts. */
function seasonalPlaces(experts: readonly Expert[]): number[] {
  return experts.flatMap((expert, i) => (expert instanceof SeasonalNaive ? [i] : []));
}

/** Steps that an expert's record counts: some hundred of the longest season. */
function memorySteps({ seasonSteps }: SeasonedSettings): number {
  return clamp(MEMORY_SEASONS * (seasonSteps.at(-1) ?? 0), MEMORY_STEPS_MIN, MEMORY_STEPS_MAX);
}

/** What is not there, and what is no credible number, becomes NaN. */
function copyKnown(from: ArrayLike<number>, to: Float64Array): void {
  for (let i = 0; i < to.length; i++) {
    const value = from[i] ?? Number.NaN;
    to[i] = Math.abs(value) <= VALUE_MAX ? value : Number.NaN;
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}
