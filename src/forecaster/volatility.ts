/**
 * How large the errors ahead will be, from how large the newest one-step errors were: heterogeneous
 * autoregression, lead by lead. With a_k the mean size of the one-step errors over the last k steps
 * (exponential), L_h the long-run mean size of the errors at lead h:
 *
 *     E|e_{t,h}| / L_h = a_22 / L_1 + θ_h · [1, (a_1, a_5, a_22, a_66) / L_1 − 1]
 *
 * θ_h by recursive least squares when the error is known, h steps later; it starts at 0, the plain
 * exponential average. Sizes of several memories mimic the slow decay of volatility, and a linear
 * form with one of them is what a GARCH(1,1) expects for h steps ahead.
 *
 * F. Corsi: A simple approximate long-memory model of realized volatility. J. Financial Econometrics
 * 7, 2009. S. Taylor: Modelling Financial Time Series, 1986 (absolute in place of squared errors,
 * which a single outlier cannot own).
 */
import type { ByteReader, ByteWriter } from '../store/bytes.ts';
import { RecursiveLeastSquares } from './experts/rls.ts';
import { clamp, MeanSize } from './scaler.ts';

/** Steps of the averages: a day, a week, a month, a quarter of trading days. */
const AVERAGES = [1, 5, 22, 66];
const CENTRAL = 2;
const LONG_STEPS = 4_000;
/** Errors of a lead that must be known before it is told from them. */
const WARM_UP = 60;
const FORGETTING = 1 - 1 / 4_000;
const INITIAL_VARIANCE = 0.01;
const RIDGE = 5;
/** One error counts at most as so many typical ones. */
const RATIO_MAX = 8;
/** A scale is at least this share of its long-run mean. */
const SHARE_MIN = 0.2;

export class Volatility {
  readonly #horizon: number;
  readonly #averages = new Float64Array(AVERAGES.length);
  readonly #long: MeanSize;
  readonly #rls: RecursiveLeastSquares;
  readonly #f = new Float64Array(1 + AVERAGES.length);
  readonly #out: Float64Array;
  /** a_22 / L_1 at the last `horizon` issues, in a ring. */
  readonly #central: Float64Array;
  #issued = 0;
  #errors = 0;

  constructor(horizon: number) {
    this.#horizon = horizon;
    this.#long = new MeanSize(horizon, LONG_STEPS);
    this.#rls = new RecursiveLeastSquares({
      regressors: this.#f.length,
      horizon,
      forgetting: FORGETTING,
      initialVariance: INITIAL_VARIANCE,
    });
    this.#out = new Float64Array(horizon);
    this.#central = new Float64Array(horizon);
  }

  /** The error of the forecast that was issued `lead + 1` steps ago; leads in ascending order. */
  learn(lead: number, error: number): void {
    this.#long.add(lead, error);
    const long = this.#long.mean(lead);
    if (!(long > 0)) return;
    const ratio = Math.min(Math.abs(error) / long, RATIO_MAX);
    if (lead === 0) this.#average(ratio * long);
    if (this.#long.count(lead) < WARM_UP) return;
    this.#rls.learn(lead + 1, ratio - this.#central[(this.#issued - lead - 1) % this.#horizon]!);
  }

  #average(size: number): void {
    this.#errors++;
    for (let i = 0; i < AVERAGES.length; i++) {
      const memory = Math.min(this.#errors, AVERAGES[i]!);
      this.#averages[i]! += (size - this.#averages[i]!) / memory;
    }
  }

  /**
   * The newest forecasts are issued.
   * @param scales the mean size of errors to expect [horizon]; where enough is known it is told anew
   */
  issue(scales: Float64Array): void {
    const unit = this.#long.mean(0);
    const at = this.#issued % this.#horizon;
    this.#issued++;
    this.#f[0] = 1;
    for (let i = 0; i < AVERAGES.length; i++) {
      const ratio = unit > 0 ? this.#averages[i]! / unit : 1;
      this.#f[i + 1] = clamp(ratio - 1, RATIO_MAX);
    }
    const central = this.#f[CENTRAL + 1]! + 1;
    this.#central[at] = central;
    this.#rls.issue(this.#f, RIDGE);
    this.#rls.predict(this.#f, this.#out);
    for (let lead = 0; lead < this.#horizon; lead++) {
      if (!(unit > 0 && this.#long.count(lead) >= WARM_UP)) continue;
      const ratio = Math.max(SHARE_MIN, Math.min(RATIO_MAX, central + this.#out[lead]!));
      scales[lead] = ratio * this.#long.mean(lead);
    }
  }

  save(out: ByteWriter): void {
    this.#long.save(out);
    this.#rls.save(out);
    out.numbers(this.#averages).numbers(this.#central);
    out.number(this.#issued).number(this.#errors);
  }

  load(from: ByteReader): void {
    this.#long.load(from);
    this.#rls.load(from);
    from.numbers(this.#averages, 'volatility');
    from.numbers(this.#central, 'volatility at issue');
    this.#issued = from.number();
    this.#errors = from.number();
  }
}
