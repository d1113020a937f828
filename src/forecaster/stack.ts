/**
 * A ridge stack: per lead, the linear combination of the experts that recursive least squares finds,
 * as corrections of their plain mean. With ē the mean of the experts that speak:
 *
 *     y − ē ≈ Σ_k θ_k (e_k − ē),   pulled towards θ = 0, the mean itself
 *
 * Unlike weights that only grow and shrink it can subtract what experts have in common.
 * Coefficients change little from one lead to the next, so only some leads learn their own (four to
 * an octave), and the others use those of the nearest below.
 * L. Breiman: Stacked regressions. Machine Learning 24, 1996 (here with delayed, online targets).
 */
import type { LinearKernel } from '../recurrent/linear.ts';
import type { ByteReader, ByteWriter } from '../store/bytes.ts';
import { RecursiveLeastSquares } from './experts/rls.ts';
import { clamp } from './scaler.ts';

/** Bounds in typical errors of the naive forecast. */
const TARGET_MAX = 30;
const APART_MAX = 30;
/** Prior of a coefficient's square, and weight of the ridge that keeps it. */
const INITIAL_VARIANCE = 1;
const RIDGE = 1;

export class Stack {
  readonly #experts: number;
  readonly #filters: readonly RecursiveLeastSquares[];
  /** Which filter serves a lead, and whether it learns from it [horizon]. */
  readonly #filter: readonly number[];
  readonly #learns: readonly boolean[];
  readonly #apart: Float64Array;
  readonly #out = new Float64Array(1);

  constructor(horizon: number, experts: number, memorySteps: number, linear?: LinearKernel) {
    this.#experts = experts;
    this.#apart = new Float64Array(experts);
    const own = ownLeads(horizon);
    this.#learns = Array.from({ length: horizon }, (_, i) => own.includes(i + 1));
    this.#filter = Array.from(
      { length: horizon },
      (_, i) => own.filter((lead) => lead <= i + 1).length - 1,
    );
    const settings = {
      regressors: experts,
      horizon: 1,
      forgetting: 1 - 1 / memorySteps,
      initialVariance: INITIAL_VARIANCE,
    };
    this.#filters = own.map(() => new RecursiveLeastSquares(settings, linear));
  }

  /**
   * @param forecasts the experts' values at `offset`…, NaN where silent; at least one is not
   * @param scale typical error at this lead; 0: none so far
   */
  mix(lead: number, forecasts: Float64Array, offset: number, scale: number): number {
    const mean = this.#spread(forecasts, offset, scale);
    if (!(scale > 0)) return mean;
    this.#filters[this.#filter[lead]!]!.predict(this.#apart, this.#out);
    return mean + scale * clamp(this.#out[0]!, APART_MAX);
  }

  /** @param forecasts what the experts said for `actual`, at `offset`… */
  learn(
    lead: number,
    forecasts: Float64Array,
    offset: number,
    actual: number,
    scale: number,
  ): void {
    if (!(scale > 0 && this.#learns[lead])) return;
    const mean = this.#spread(forecasts, offset, scale);
    const y = clamp((actual - mean) / scale, TARGET_MAX);
    if (Number.isNaN(y)) return;
    const filter = this.#filters[this.#filter[lead]!]!;
    filter.issue(this.#apart, RIDGE);
    filter.learn(1, y);
  }

  /** Fills `#apart` with the experts' distances from their mean, and returns the mean. */
  #spread(forecasts: Float64Array, offset: number, scale: number): number {
    // Relative to the first that speaks: experts that agree give exactly what they agree on.
    let base = Number.NaN;
    let sum = 0;
    let count = 0;
    for (let k = 0; k < this.#experts; k++) {
      const forecast = forecasts[offset + k]!;
      if (Number.isNaN(forecast)) continue;
      if (count === 0) base = forecast;
      sum += forecast - base;
      count++;
    }
    const mean = base + sum / Math.max(1, count);
    for (let k = 0; k < this.#experts; k++) {
      const apart = (forecasts[offset + k]! - mean) / scale;
      this.#apart[k] = Number.isNaN(apart) ? 0 : clamp(apart, APART_MAX);
    }
    return mean;
  }

  save(out: ByteWriter): void {
    for (const filter of this.#filters) filter.save(out);
  }

  load(from: ByteReader): void {
    for (const filter of this.#filters) filter.load(from);
  }
}

/** All up to 8, then 10, 12, 14, 16, 20, 24, 28, 32, 40, …: four to an octave. */
function ownLeads(horizon: number): number[] {
  const leads: number[] = [];
  let lead = 1;
  for (let every = 1; lead <= horizon; every = Math.max(1, 2 ** Math.floor(Math.log2(lead) - 2))) {
    leads.push(lead);
    lead += every;
  }
  return leads;
}
