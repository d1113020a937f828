/**
 * Honest intervals, lead by lead and level by level, from the errors that the forecasts of that lead
 * really made.
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

/** What one level has learned, lead by lead. */
interface Level {
  /** (1 − coverage) / 2 */
  readonly tail: number;
  /** q⁺, q⁻ */
  readonly above: Float64Array;
  readonly below: Float64Array;
  /** Share of values inside, lately. */
  readonly covered: Float64Array;
}

export class Intervals {
  readonly #horizon: number;
  readonly #local: MeanSize;
  readonly #long: MeanSize;
  readonly #levels: readonly Level[];
  readonly #count: Float64Array;
  /** Errors since the start or the last change. */
  readonly #rateCount: Float64Array;

  /** @param coverages nominal shares of values inside, in (0, 1), the widest interval first */
  constructor(horizon: number, coverages: readonly number[]) {
    this.#horizon = horizon;
    this.#local = new MeanSize(horizon, LOCAL_STEPS);
    this.#long = new MeanSize(horizon, LONG_STEPS);
    this.#levels = coverages.map((coverage) => {
      // Before errors tell: the quantile of Laplace errors, a little wide for Gaussian ones.
      const start = -Math.log(1 - coverage);
      return {
        tail: (1 - coverage) / 2,
        above: new Float64Array(horizon).fill(start),
        below: new Float64Array(horizon).fill(-start),
        covered: new Float64Array(horizon),
      };
    });
    this.#count = new Float64Array(horizon);
    this.#rateCount = new Float64Array(horizon);
  }

  /** Share of values that were inside, lately; NaN before the first. Lead and level are 0-based. */
  coverage(lead: number, level = 0): number {
    return this.#count[lead]! > 0 ? this.#levels[level]!.covered[lead]! : Number.NaN;
  }

  /** Errors of a lead (0-based) so far. */
  scored(lead: number): number {
    return this.#count[lead]!;
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

  /** A narrower interval never reaches beyond a wider one. */
  lower(lead: number, mean: number, scale: number, level = 0): number {
    let least = Math.min(this.#levels[level]!.below[lead]!, 0);
    for (let i = 0; i < level; i++) least = Math.max(least, this.#levels[i]!.below[lead]!);
    return mean + Math.min(least, 0) * scale;
  }

  upper(lead: number, mean: number, scale: number, level = 0): number {
    let most = Math.max(this.#levels[level]!.above[lead]!, 0);
    for (let i = 0; i < level; i++) most = Math.min(most, this.#levels[i]!.above[lead]!);
    return mean + Math.max(most, 0) * scale;
  }

  /**
   * One error of a lead, before `learn` for each of the levels.
   * @param error actual − mean
   */
  add(lead: number, error: number): void {
    this.#count[lead]!++;
    this.#rateCount[lead]!++;
    this.#local.add(lead, error);
    this.#long.add(lead, error);
  }

  /**
   * @param error actual − mean
   * @param scale the error scale at issue
   * @param covered whether the interval that was issued held the value
   */
  learn(lead: number, level: number, error: number, scale: number, covered: boolean): void {
    const { tail, above, below, covered: share } = this.#levels[level]!;
    const count = this.#count[lead]!;
    share[lead]! += ((covered ? 1 : 0) - share[lead]!) / Math.min(count, LONG_STEPS);
    const z = error === 0 ? 0 : clamp(error / scale, SCALED_ERROR_MAX);
    const rate = Math.max(RATE_LEAST, RATE_FIRST / Math.sqrt(this.#rateCount[lead]!));
    above[lead]! += rate * ((z > above[lead]! ? 1 : 0) - tail);
    below[lead]! -= rate * ((z < below[lead]! ? 1 : 0) - tail);
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
    for (const { above, below, covered } of this.#levels) {
      out.numbers(above).numbers(below).numbers(covered);
    }
    out.numbers(this.#count).numbers(this.#rateCount);
  }

  load(from: ByteReader): void {
    this.#local.load(from);
    this.#long.load(from);
    for (const { above, below, covered } of this.#levels) {
      from.numbers(above, 'upper quantiles');
      from.numbers(below, 'lower quantiles');
      from.numbers(covered, 'coverage');
    }
    from.numbers(this.#count, 'coverage count');
    from.numbers(this.#rateCount, 'errors since a change');
  }
}
