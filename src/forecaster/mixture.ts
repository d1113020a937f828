/**
 * From the experts' forecasts to one, lead by lead:
 *
 *     p  polynomial weights over the experts (Ensemble)
 *     q  ridge stack of the experts (Stack)
 *     m = p + β (q − p)                   β = ½ while the stack's record is as good, 0 if it is worse
 *     forecast = n + κ' (m − n)           n the naive forecast
 *
 * κ is how much of m − n has come true: the slope of y − n on m − n over the delayed past. On a
 * random walk nothing does, and the forecast is the naive one; above `TRUST` it is m.
 */
import type { LinearKernel } from '../recurrent/linear.ts';
import type { ByteReader, ByteWriter } from '../store/bytes.ts';
import type { Combiner } from './combiner.ts';
import { Ensemble } from './ensemble.ts';
import { clamp } from './scaler.ts';
import { Stack } from './stack.ts';

const TRUST = 0.8;
/** β falls from ½ to 0 between these ratios of the stack's squared error to the weights'. */
const STACK_GOOD = 1.1;
const STACK_BAD = 1.2;
const STACK_AFTER = 100;
/** Memory of the two records, in steps. */
const RECORD_STEPS = 500;
const TRUST_STEPS = 3_000;
/**
 * A slope of few errors is drawn to 0 by so many pseudo-observations of squared size 1; more for
 * longer leads, whose errors overlap and so tell less each.
 */
const TRUST_PRIOR_PER_LEAD = 4;
const ERROR_MAX = 10;

export class Mixture implements Combiner {
  /** forecast, p, q, m */
  readonly lanes = 4;
  readonly #experts: number;
  readonly #weights: Ensemble;
  readonly #stack: Stack;
  /** [horizon] */
  readonly #weightsError: Float64Array;
  readonly #stackError: Float64Array;
  readonly #count: Float64Array;
  readonly #along: Float64Array;
  readonly #apart: Float64Array;

  /** @param memorySteps how long the record of an expert counts */
  constructor(horizon: number, experts: number, memorySteps: number, linear?: LinearKernel) {
    this.#experts = experts;
    this.#weights = new Ensemble(horizon, experts, memorySteps);
    this.#stack = new Stack(horizon, experts, 2 * memorySteps, linear);
    this.#weightsError = new Float64Array(horizon);
    this.#stackError = new Float64Array(horizon);
    this.#count = new Float64Array(horizon);
    this.#along = new Float64Array(horizon);
    this.#apart = Float64Array.from({ length: horizon }, (_, i) => TRUST_PRIOR_PER_LEAD * (i + 1));
  }

  /** Weight of an expert at a lead (0-based) in the newest forecast, the stack's part left out. */
  weight(lead: number, expert: number): number {
    const trust = this.#trust(lead);
    return trust * this.#weights.weight(lead, expert) + (expert === 0 ? 1 - trust : 0);
  }

  mix(lead: number, row: Float64Array, offset: number, scale: number): number {
    const lanes = offset + this.#experts;
    const naive = row[offset]!;
    const weighted = this.#weights.mix(lead, row, offset);
    const stacked = this.#stack.mix(lead, row, offset, scale);
    const mixed = weighted + this.#share(lead) * (stacked - weighted);
    const trust = this.#trust(lead);
    const forecast = trust === 1 ? mixed : naive + trust * (mixed - naive);
    row[lanes] = forecast;
    row[lanes + 1] = weighted;
    row[lanes + 2] = stacked;
    row[lanes + 3] = mixed;
    return forecast;
  }

  learn(lead: number, row: Float64Array, offset: number, actual: number, scale: number): void {
    const lanes = offset + this.#experts;
    const weighted = row[lanes + 1]!;
    this.#weights.learn(lead, row, offset, weighted, actual, scale);
    this.#stack.learn(lead, row, offset, actual, scale);
    if (!(scale > 0)) return;
    const naive = row[offset]!;
    const truth = clamp((actual - naive) / scale, ERROR_MAX);
    const told = clamp((row[lanes + 3]! - naive) / scale, ERROR_MAX);
    const keep = 1 - 1 / TRUST_STEPS;
    this.#along[lead] = this.#along[lead]! * keep + told * truth;
    this.#apart[lead] = this.#apart[lead]! * keep + told * told;

    const count = Math.min(this.#count[lead]! + 1, RECORD_STEPS);
    this.#count[lead] = count;
    const weightsError = clamp((actual - weighted) / scale, ERROR_MAX) ** 2;
    const stackError = clamp((actual - row[lanes + 2]!) / scale, ERROR_MAX) ** 2;
    this.#weightsError[lead]! += (weightsError - this.#weightsError[lead]!) / count;
    this.#stackError[lead]! += (stackError - this.#stackError[lead]!) / count;
  }

  quicken(strength: number): void {
    this.#weights.quicken(strength);
    const count = STACK_AFTER / strength;
    for (let i = 0; i < this.#count.length; i++) {
      this.#count[i] = Math.min(this.#count[i]!, count);
    }
  }

  /** β */
  #share(lead: number): number {
    if (this.#count[lead]! < STACK_AFTER) return 0;
    const excess = this.#stackError[lead]! - STACK_GOOD * this.#weightsError[lead]!;
    if (excess <= 0) return 0.5;
    const span = (STACK_BAD - STACK_GOOD) * this.#weightsError[lead]!;
    return excess >= span ? 0 : 0.5 * (1 - excess / span);
  }

  /** κ' */
  #trust(lead: number): number {
    const slope = this.#along[lead]! / this.#apart[lead]!;
    return Math.max(0, Math.min(1, slope / TRUST));
  }

  save(out: ByteWriter): void {
    this.#weights.save(out);
    this.#stack.save(out);
    out.numbers(this.#weightsError).numbers(this.#stackError).numbers(this.#count);
    out.numbers(this.#along).numbers(this.#apart);
  }

  load(from: ByteReader): void {
    this.#weights.load(from);
    this.#stack.load(from);
    from.numbers(this.#weightsError, 'record of the weights');
    from.numbers(this.#stackError, 'record of the stack');
    from.numbers(this.#count, 'length of the record');
    from.numbers(this.#along, 'trust');
    from.numbers(this.#apart, 'trust');
  }
}
