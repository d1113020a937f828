import { ByteReader, ByteWriter } from '../store/bytes.ts';
import { VALUE_MAX } from './credible.ts';
import type { ForecasterSettings, ScoredLead, SeriesForecaster, StepReport } from './forecaster.ts';
import {
  createReport,
  createScores,
  type Mutable,
  type MutableScore,
  widestFirst,
} from './report.ts';
import { same } from './saved.ts';
import { Skill } from './skill.ts';
import { Stepping } from './stepping.ts';
import { type Bounds, back, forward, type TransformKind, within } from './transform.ts';
import type { ForecasterView, LeadView } from './view.ts';

/**
 * A forecaster that learns in other units: values go in transformed, everything that comes out is in
 * the series' own units and within its bounds, scores too. A value without a transform (≤ 0 where
 * logarithms are taken) counts as missing.
 */
export class TransformedForecaster extends Stepping implements SeriesForecaster {
  readonly #inner: SeriesForecaster;
  readonly #horizon: number;
  readonly #kind: TransformKind;
  readonly #bounds: Bounds;
  readonly #skill: Skill;
  /** Newest value at the last `horizon` issues, in a ring: what the naive forecasts were. */
  readonly #lasts: Float64Array;
  readonly #scored: readonly MutableScore[];
  readonly #scores: ScoredLead[] = [];
  readonly #report: Mutable<StepReport>;
  #last = Number.NaN;
  /** Of the step that has been taken in. */
  #value = Number.NaN;
  #steps = 0;

  constructor(inner: SeriesForecaster, settings: ForecasterSettings) {
    super();
    const { horizon, transform = 'none', bounds = {} } = settings;
    this.#inner = inner;
    this.#horizon = horizon;
    this.#kind = transform;
    this.#bounds = bounds;
    this.#skill = new Skill(horizon);
    this.#lasts = new Float64Array(horizon).fill(Number.NaN);
    const coverages = widestFirst(settings.coverage);
    this.#scored = createScores(horizon, coverages.length);
    this.#report = createReport(horizon, coverages, this.#scores);
  }

  get putAside(): number {
    return this.#inner.putAside;
  }

  take(
    timeMs: number,
    value: number,
    companions?: ArrayLike<number>,
    ahead?: ArrayLike<number>,
  ): void {
    this.#value = value;
    this.#inner.take(timeMs, forward(this.#kind, value), companions, ahead);
  }

  issue(): StepReport {
    const value = this.#value;
    const inner = this.#inner.issue();
    const report = this.#report;
    this.#scores.length = 0;
    for (const score of inner.scores) this.#scores.push(this.#score(score, value));
    report.issued = inner.issued;
    report.anomaly = inner.anomaly;
    report.change = inner.change;
    report.changeKind = inner.changeKind;
    if (!inner.issued) return report;

    if (Math.abs(forward(this.#kind, value)) <= VALUE_MAX) this.#last = value;
    this.#lasts[this.#steps % this.#horizon] = this.#last;
    this.#steps++;
    this.#all(inner.mean, report.mean);
    for (const [i, { lower, upper }] of inner.intervals.entries()) {
      this.#all(lower, report.intervals[i]!.lower);
      this.#all(upper, report.intervals[i]!.upper);
    }
    return report;
  }

  #all(from: Float64Array, to: Float64Array): void {
    for (let i = 0; i < to.length; i++) to[i] = this.#back(from[i]!, this.#last);
  }

  /**
   * The same number when it is issued and when it is scored.
   * @param last newest value at issue: a forecast of just that gives just that, without rounding
   */
  #back(z: number, last: number): number {
    return within(this.#bounds, z === forward(this.#kind, last) ? last : back(this.#kind, z));
  }

  #score(inner: ScoredLead, actual: number): ScoredLead {
    const { lead } = inner;
    const last = this.#lasts[(this.#steps - lead) % this.#horizon]!;
    const score = this.#scored[lead - 1]!;
    score.forecast = this.#back(inner.forecast, last);
    for (const [i, { lower, upper, coverage }] of inner.intervals.entries()) {
      const interval = score.intervals[i]!;
      interval.lower = this.#back(lower, last);
      interval.upper = this.#back(upper, last);
      interval.covered = interval.lower <= actual && actual <= interval.upper;
      interval.coverage = coverage;
    }
    score.naiveError = last - actual;
    this.#skill.add(lead - 1, score.forecast - actual, score.naiveError);
    score.skill = this.#skill.skill(lead - 1);
    return score;
  }

  restart(): void {
    this.#inner.restart();
    this.#last = Number.NaN;
  }

  thin(factor: number): void {
    this.#inner.thin(factor);
  }

  weights(lead: number): { readonly expert: string; readonly weight: number }[] {
    return this.#inner.weights(lead);
  }

  lead(lead: number): LeadView {
    const inner = this.#inner.lead(lead);
    const { scored, mean } = inner;
    const intervals = inner.intervals.map(({ lower, upper, ...rest }) => ({
      ...rest,
      lower: this.#back(lower, this.#last),
      upper: this.#back(upper, this.#last),
    }));
    const skill = scored > 0 ? this.#skill.skill(lead - 1) : Number.NaN;
    return { lead, scored, skill, mean: this.#back(mean, this.#last), intervals };
  }

  view(): ForecasterView {
    return this.#inner.view();
  }

  save(): Uint8Array {
    const out = new ByteWriter().bytes(this.#inner.save()).text(this.#kind);
    this.#skill.save(out);
    return out.numbers(this.#lasts).number(this.#last).number(this.#steps).finish();
  }

  load(bytes: Uint8Array): void {
    const from = new ByteReader(bytes);
    this.#inner.load(from.bytes());
    same('transform', from.text(), this.#kind);
    this.#skill.load(from);
    from.numbers(this.#lasts, 'last values');
    this.#last = from.number();
    this.#steps = from.number();
    from.end();
  }
}
