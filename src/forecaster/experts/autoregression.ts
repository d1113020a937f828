/**
 * A linear expert: recursive least squares over the regressors, all leads at once, relative to the
 * newest value: forecast of lead h at step t = x_t + s_t f_tᵀ w_h, with s the series' scale. Features
 * that others work out, such as a network's state, may be among the regressors.
 */
import type { LinearKernel } from '../../recurrent/linear.ts';
import { ByteReader, ByteWriter } from '../../store/bytes.ts';
import { clamp } from '../scaler.ts';
import type { Expert, History } from './expert.ts';
import { type RegressorPlan, Regressors } from './regressors.ts';
import { RecursiveLeastSquares } from './rls.ts';

/** Bound on what it learns from and on what it says, in typical deviations. */
const TARGET_MAX = 10;
const OUTPUT_MAX = 12;
/** Bound on a feature. */
const FEATURE_MAX = 10;
/** Silent until it has learned from so many steps, at first and after a restart. */
const WARM_UP_STEPS = 24;
const INITIAL_VARIANCE = 0.1;
/** Memory of the one-step error; one error counts at most as 5 typical ones. */
const ERROR_STEPS = 2_000;
const ERROR_RATIO_MAX = 5;
/**
 * The ridge is quoted for one-step errors of this variance (series of variance 1) and moves with
 * the real one: the more exact a series, the less its weights need holding.
 */
const ERROR_VARIANCE = 0.18;
const ERROR_VARIANCE_MIN = 1e-6;

export interface AutoregressionSettings {
  readonly name: string;
  readonly horizon: number;
  readonly plan: RegressorPlan;
  readonly forgetting: number;
  /** ρ: weight of the persistent ridge at one-step errors of variance 0.18. */
  readonly ridge: number;
}

/** An expert whose newest forecast others may read. */
export interface Guide {
  readonly latest: Float64Array;
}

/** Further regressors, of size about 1, such as the state of a network that runs along. */
export interface Features {
  readonly featureCount: number;
  /** @param out receives those of the newest step [featureCount] */
  features(out: Float64Array): void;
}

/** What an autoregression reads of experts that come before it in each step. */
export interface Sources {
  readonly guide?: Guide | undefined;
  readonly features?: Features | undefined;
}

export class Autoregression implements Expert {
  readonly name: string;
  readonly historySteps = 1;
  readonly #settings: AutoregressionSettings;
  readonly #sources: Sources;
  readonly #regressors: Regressors;
  readonly #rls: RecursiveLeastSquares;
  /** [d], the features last, and a view of them. */
  readonly #f: Float64Array;
  readonly #features: Float64Array;
  /** Base and scale of the last `horizon` forecasts, in rings; base NaN: none was issued. */
  readonly #bases: Float64Array;
  readonly #scales: Float64Array;
  readonly #targets: Float64Array;
  #issued = 0;
  #learned = 0;
  #sinceRestart = 0;
  #nextZ = Number.NaN;
  #errorVariance = ERROR_VARIANCE;

  /** @param linear whose arithmetic; the results are the same */
  constructor(settings: AutoregressionSettings, sources: Sources = {}, linear?: LinearKernel) {
    const { name, horizon, plan, forgetting } = settings;
    this.name = name;
    this.#settings = settings;
    this.#sources = sources;
    this.#regressors = new Regressors(plan);
    const own = this.#regressors.count;
    this.#f = new Float64Array(own + (sources.features?.featureCount ?? 0));
    this.#features = this.#f.subarray(own);
    this.#rls = new RecursiveLeastSquares(
      {
        regressors: this.#f.length,
        horizon,
        forgetting,
        initialVariance: INITIAL_VARIANCE,
      },
      linear,
    );
    this.#targets = new Float64Array(horizon);
    this.#bases = new Float64Array(horizon).fill(Number.NaN);
    this.#scales = new Float64Array(horizon);
  }

  learn(history: History): void {
    const value = history.at(0);
    const { horizon } = this.#settings;
    this.#regressors.add(history);
    this.#sinceRestart++;
    if (Number.isNaN(value)) return;
    const targets = this.#targets.fill(Number.NaN);
    const leads = Math.min(horizon, this.#issued);
    for (let lead = 1; lead <= leads; lead++) {
      const at = (this.#issued - lead) % horizon;
      targets[lead - 1] = clamp((value - this.#bases[at]!) / this.#scales[at]!, TARGET_MAX);
    }
    if (!Number.isNaN(targets[0])) this.#addError(targets[0]!);
    this.#rls.learnAll(targets);
  }

  #addError(y: number): void {
    this.#learned++;
    if (Number.isNaN(this.#nextZ)) return;
    const limit = ERROR_RATIO_MAX ** 2 * this.#errorVariance;
    const squared = Math.min((y - this.#nextZ) ** 2, limit);
    this.#errorVariance += (squared - this.#errorVariance) / Math.min(this.#learned, ERROR_STEPS);
    this.#errorVariance = Math.max(this.#errorVariance, ERROR_VARIANCE_MIN);
  }

  forecast(history: History, out: Float64Array): void {
    const regressors = this.#regressors;
    const { scale, base } = regressors;
    const at = this.#issued % this.#settings.horizon;
    this.#issued++;
    regressors.fill(this.#f, this.#sources.guide?.latest);
    this.#fillFeatures();
    this.#nextZ = Number.NaN;
    if (history.age > 0 || scale === 0) {
      this.#rls.skip();
      this.#bases[at] = Number.NaN;
    } else {
      const ratio = Math.min(2, this.#errorVariance / ERROR_VARIANCE);
      const learns = this.#rls.issue(this.#f, this.#settings.ridge * ratio);
      this.#bases[at] = learns ? base : Number.NaN;
      this.#scales[at] = scale;
    }
    this.#rls.predict(this.#f, out);
    if (history.age === 0 && scale > 0) this.#nextZ = clamp(out[0]!, OUTPUT_MAX);
    for (let i = 0; i < out.length; i++) out[i] = base + scale * clamp(out[i]!, OUTPUT_MAX);
    regressors.expect(out[0]!);
    if (Math.min(this.#learned, this.#sinceRestart) < WARM_UP_STEPS) out.fill(Number.NaN);
  }

  #fillFeatures(): void {
    const f = this.#features;
    this.#sources.features?.features(f);
    for (let i = 0; i < f.length; i++) f[i] = Number.isNaN(f[i]) ? 0 : clamp(f[i]!, FEATURE_MAX);
  }

  thin(factor: number): void {
    this.#rls.thin(factor);
  }

  restart(): void {
    this.#regressors.restart();
    this.#bases.fill(Number.NaN);
    this.#nextZ = Number.NaN;
    this.#sinceRestart = 0;
  }

  save(): Uint8Array {
    const out = new ByteWriter();
    this.#regressors.save(out);
    this.#rls.save(out);
    out.numbers(this.#bases).numbers(this.#scales);
    out.number(this.#issued).number(this.#learned).number(this.#nextZ).number(this.#errorVariance);
    return out.number(this.#sinceRestart).finish();
  }

  load(bytes: Uint8Array): void {
    const from = new ByteReader(bytes);
    this.#regressors.load(from);
    this.#rls.load(from);
    from.numbers(this.#bases, 'bases');
    from.numbers(this.#scales, 'scales');
    this.#issued = from.number();
    this.#learned = from.number();
    this.#nextZ = from.number();
    this.#errorVariance = from.number();
    this.#sinceRestart = from.number();
    from.end();
  }
}
