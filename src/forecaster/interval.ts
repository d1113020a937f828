/**
 * Honest intervals, lead by lead, from the errors that the forecasts of that lead really made.
 *
 *     e = y − mean, z = e / s      the error in units of the local error scale s at its issue
 *     q⁺ ← q⁺ + η (1{z > q⁺} − τ)       so that a share τ of the errors lies above q⁺ …
 *     q⁻ ← q⁻ − η (1{z < q⁻} − τ)       … and a share τ below q⁻,  τ = (1 − coverage) / 2
 *     interval = [mean + min(q⁻, 0) s,  mean + max(q⁺, 0) s]
 *
 * Quantile tracking keeps its coverage on any sequence, adversarial ones too, because a miss widens
 * and a hit narrows. Two sides, so that skewed errors get skewed intervals.
 *
 * I. Gibbs, E. Candès: Adaptive conformal inference under distribution shift. NeurIPS 2021.
 * A. Angelopoulos, E. Candès, R. Tibshirani: Conformal PID control. NeurIPS 2023 (the P term).
 * Differences: errors are scaled by a local mean error, so η needs no unit and calm and wild times
 * get their own width; a delayed error is compared with the present quantile, not with the one it
 * was issued with, which keeps long leads from swinging.
 */
import type { ByteReader, ByteWriter } from '../store/bytes.ts';
import { clamp, MeanSize } from './scaler.ts';

/** Memory of the local error scale, and of the one that keeps it from vanishing. */
const LOCAL_STEPS = 40;
const LONG_STEPS = 2_000;
/** The local scale is at least this share of the long one. */
const LOCAL_SHARE_MIN = 0.25;
/** Until so many errors of a lead are known, its scale is some share of the worst lead's. */
const DOUBT_STEPS = 30;
const DOUBT_SHARE = 0.5;
/** η: large while few errors are known. */
const RATE_FIRST = 0.3;
const RATE_LEAST = 0.04;
const SCALED_ERROR_MAX = 50;
/** After a change of full strength so many errors of before count still. */
const QUICKEN_STEPS = 10;

export class Intervals {
  readonly #horizon: number;
  readonly #tail: number;
  readonly #start: number;
  readonly #local: MeanSize;
  readonly #long: MeanSize;
  readonly #above: Float64Array;
  readonly #below: Float64Array;
  readonly #covered: Float64Array;
  readonly #count: Float64Array;
  /** Errors since the start or the last change. */
  readonly #rateCount: Float64Array;

  /** @param coverage nominal share of values inside, in (0, 1) */
  constructor(horizon: number, coverage: number) {
    this.#horizon = horizon;
    this.#tail = (1 - coverage) / 2;
    // Before errors tell: the quantile of Laplace errors, a little wide for Gaussian ones.
    this.#start = -Math.log(1 - coverage);
    this.#local = new MeanSize(horizon, LOCAL_STEPS);
    this.#long = new MeanSize(horizon, LONG_STEPS);
    this.#above = new Float64Array(horizon).fill(this.#start);
    this.#below = new Float64Array(horizon).fill(-this.#start);
    this.#covered = new Float64Array(horizon);
    this.#count = new Float64Array(horizon);
    this.#rateCount = new Float64Array(horizon);
  }

  /** Share of values that were inside, lately; NaN before the first. Lead is 0-based. */
  coverage(lead: number): number {
    return this.#count[lead]! > 0 ? this.#covered[lead]! : Number.NaN;
  }

  /**
   * The error scale of every lead now, series' units.
   * @param unknown scale where no error at all is known yet
   * @param out [horizon]
   */
  scales(unknown: number, out: Float64Array): void {
    let most = 0;
    for (let lead = 0; lead < this.#horizon; lead++) {
      if (this.#long.count(lead) > 0) most = Math.max(most, this.#long.mean(lead));
    }
    let nearest = -1;
    for (let lead = 0; lead < this.#horizon; lead++) {
      const count = this.#long.count(lead);
      if (count > 0) {
        nearest = lead;
        const least = this.#long.mean(lead) * LOCAL_SHARE_MIN;
        // A mean of few errors may be far too small.
        const scale = Math.max(this.#local.mean(lead), least) * (1 + 4 / count);
        // A few lucky hits are no certainty while other leads err.
        const doubt = most * DOUBT_SHARE * Math.max(0, 1 - count / DOUBT_STEPS);
        out[lead] = Math.max(scale, doubt);
      } else if (nearest >= 0) {
        // As a random walk's errors grow.
        out[lead] = out[nearest]! * Math.sqrt((lead + 1) / (nearest + 1));
      } else {
        out[lead] = unknown;
      }
    }
  }

  lower(lead: number, mean: number, scale: number): number {
    return mean + Math.min(this.#below[lead]!, 0) * scale;
  }

  upper(lead: number, mean: number, scale: number): number {
    return mean + Math.max(this.#above[lead]!, 0) * scale;
  }

  /**
   * @param error actual − mean
   * @param scale the error scale at issue
   * @param covered whether the interval that was issued held the value
   */
  learn(lead: number, error: number, scale: number, covered: boolean): void {
    const count = this.#count[lead]! + 1;
    this.#count[lead] = count;
    const share = this.#covered[lead]!;
    this.#covered[lead] = share + ((covered ? 1 : 0) - share) / Math.min(count, LONG_STEPS);

    const z = error === 0 ? 0 : clamp(error / scale, SCALED_ERROR_MAX);
    this.#rateCount[lead]!++;
    const rate = Math.max(RATE_LEAST, RATE_FIRST / Math.sqrt(this.#rateCount[lead]!));
    this.#above[lead]! += rate * ((z > this.#above[lead]! ? 1 : 0) - this.#tail);
    this.#below[lead]! -= rate * ((z < this.#below[lead]! ? 1 : 0) - this.#tail);
    this.#local.add(lead, error);
    this.#long.add(lead, error);
  }

  /** After a change, of strength (0, 1], the quantiles and the scales follow as they did at first. */
  quicken(strength: number): void {
    const count = Math.round(QUICKEN_STEPS / strength);
    for (let lead = 0; lead < this.#horizon; lead++) {
      this.#rateCount[lead] = Math.min(this.#rateCount[lead]!, count);
      this.#local.forget(lead, count);
      this.#long.forget(lead, DOUBT_STEPS + count);
    }
  }

  save(out: ByteWriter): void {
    this.#local.save(out);
    this.#long.save(out);
    out.numbers(this.#above).numbers(this.#below).numbers(this.#covered).numbers(this.#count);
    out.numbers(this.#rateCount);
  }

  load(from: ByteReader): void {
    this.#local.load(from);
    this.#long.load(from);
    from.numbers(this.#above, 'upper quantiles');
    from.numbers(this.#below, 'lower quantiles');
    from.numbers(this.#covered, 'coverage');
    from.numbers(this.#count, 'coverage count');
    from.numbers(this.#rateCount, 'errors since a change');
  }
}
