/**
 * From the experts' forecasts to one, lead by lead:
 *
 *     p  polynomial weights over the experts (Ensemble), of long memory
 *     r  the same, of short memory: quick after a change
 *     q  ridge stack of the experts (Stack)
 *     b  p + β (q − p)              β = ½ while the stack's record is as good, 0 if it is worse
 *     m  polynomial weights over b, p, r, q; b while none of the others is better beyond chance
 *     forecast = n + κ (m − n)      n the best simple forecast (Simplest), κ the trust in m (Trust)
 */
import type { LinearKernel } from '../recurrent/linear.ts';
import type { ByteReader, ByteWriter } from '../store/bytes.ts';
import type { Combiner } from './combiner.ts';
import { Ensemble } from './ensemble.ts';
import { ErrorScale } from './error-scale.ts';
import { clamp } from './scaler.ts';
import { Simplest } from './simplest.ts';
import { Stack } from './stack.ts';
import { Trust } from './trust.ts';

const QUICK_STEPS = 1_000;
const CHOICE_STEPS = 4_000;
/** Standard deviations of chance by which p, r, q must be better than b. */
const CHOICE_CAUTION = 1;
/** β falls from ½ to 0 between these ratios of the stack's squared error to the weights'. */
const STACK_GOOD = 1.1;
const STACK_BAD = 1.2;
const STACK_AFTER = 100;
/** Memory of the two records, in steps. */
const RECORD_STEPS = 500;
const ERROR_MAX = 30;

/** Places in a row, behind the experts. */
const MIXED = 1;
const BLENDED = 2;
const WEIGHTED = 3;
const QUICK = 4;
const STACKED = 5;
const NAIVE = 6;
/** b, p, r, q lie side by side. */
const CHOICES = 4;

export interface MixtureSettings {
  readonly horizon: number;
  readonly experts: number;
  /** How long the record of an expert counts. */
  readonly memorySteps: number;
  /** Places of the seasonal naive forecasts among the experts. */
  readonly seasonal: readonly number[];
  readonly linear?: LinearKernel | undefined;
}

export class Mixture implements Combiner {
  /** forecast, m, b, p, r, q, n */
  readonly lanes = 7;
  readonly #experts: number;
  readonly #scale: ErrorScale;
  readonly #weights: Ensemble;
  readonly #quick: Ensemble;
  readonly #stack: Stack;
  readonly #choice: Ensemble;
  readonly #trust: Trust;
  readonly #simplest: Simplest;
  /** [horizon]: place of n among the experts in the newest forecast. */
  readonly #naive: Float64Array;
  /** [horizon] */
  readonly #weightsError: Float64Array;
  readonly #stackError: Float64Array;
  readonly #count: Float64Array;

  constructor({ horizon, experts, memorySteps, seasonal, linear }: MixtureSettings) {
    this.#experts = experts;
    this.#scale = new ErrorScale(horizon);
    this.#weights = new Ensemble(horizon, experts, { memorySteps });
    this.#quick = new Ensemble(horizon, experts, { memorySteps: QUICK_STEPS });
    this.#stack = new Stack(horizon, experts, 2 * memorySteps, linear);
    this.#choice = new Ensemble(horizon, CHOICES, {
      memorySteps: CHOICE_STEPS,
      caution: CHOICE_CAUTION,
    });
    this.#trust = new Trust(horizon);
    this.#simplest = new Simplest(horizon, seasonal);
    this.#naive = new Float64Array(horizon);
    this.#weightsError = new Float64Array(horizon);
    this.#stackError = new Float64Array(horizon);
    this.#count = new Float64Array(horizon);
  }

  /** Weight of an expert at a lead (0-based) in the newest forecast, the stack's part left out. */
  weight(lead: number, expert: number): number {
    const trust = this.#trust.of(lead);
    const quick = this.#choice.weight(lead, QUICK - BLENDED);
    const weight =
      quick * this.#quick.weight(lead, expert) + (1 - quick) * this.#weights.weight(lead, expert);
    return trust * weight + (expert === this.#naive[lead] ? 1 - trust : 0);
  }

  mix(lead: number, row: Float64Array, offset: number): number {
    const lanes = offset + this.#experts;
    const place = this.#simplest.of(lead, row, offset);
    const naive = row[offset + place]!;
    this.#naive[lead] = place;
    const weighted = this.#weights.mix(lead, row, offset);
    const stacked = this.#stack.mix(lead, row, offset, this.#scale.of(lead));
    row[lanes + BLENDED] = weighted + this.#share(lead) * (stacked - weighted);
    row[lanes + WEIGHTED] = weighted;
    row[lanes + QUICK] = this.#quick.mix(lead, row, offset);
    row[lanes + STACKED] = stacked;
    const mixed = this.#choice.mix(lead, row, lanes + BLENDED);
    const trust = this.#trust.of(lead);
    const forecast = trust === 1 ? mixed : naive + trust * (mixed - naive);
    row[lanes + MIXED] = mixed;
    row[lanes + NAIVE] = naive;
    row[lanes] = forecast;
    return forecast;
  }

  learn(lead: number, row: Float64Array, offset: number, actual: number): void {
    const lanes = offset + this.#experts;
    const naive = row[lanes + NAIVE]!;
    this.#scale.add(lead, row[offset]! - actual);
    const scale = this.#scale.of(lead);
    if (!(scale > 0)) return;
    const mixed = row[lanes + MIXED]!;
    this.#weights.learn(lead, row, offset, row[lanes + WEIGHTED]!, actual, scale);
    this.#quick.learn(lead, row, offset, row[lanes + QUICK]!, actual, scale);
    this.#stack.learn(lead, row, offset, actual, scale);
    this.#choice.learn(lead, row, lanes + BLENDED, mixed, actual, scale);
    this.#simplest.learn(lead, row, offset, actual, scale);
    this.#trust.learn(lead, mixed - naive, actual - naive, scale);

    const count = Math.min(this.#count[lead]! + 1, RECORD_STEPS);
    this.#count[lead] = count;
    const weightsError = clamp((actual - row[lanes + WEIGHTED]!) / scale, ERROR_MAX) ** 2;
    const stackError = clamp((actual - row[lanes + STACKED]!) / scale, ERROR_MAX) ** 2;
    this.#weightsError[lead]! += (weightsError - this.#weightsError[lead]!) / count;
    this.#stackError[lead]! += (stackError - this.#stackError[lead]!) / count;
  }

  quicken(strength: number): void {
    this.#weights.quicken(strength);
    this.#quick.quicken(strength);
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

  #parts() {
    const weights = [this.#weights, this.#quick, this.#choice];
    return [this.#scale, ...weights, this.#stack, this.#trust, this.#simplest];
  }

  save(out: ByteWriter): void {
    for (const part of this.#parts()) part.save(out);
    out.numbers(this.#naive);
    out.numbers(this.#weightsError).numbers(this.#stackError).numbers(this.#count);
  }

  load(from: ByteReader): void {
    for (const part of this.#parts()) part.load(from);
    from.numbers(this.#naive, 'simple forecasts');
    from.numbers(this.#weightsError, 'record of the weights');
    from.numbers(this.#stackError, 'record of the stack');
    from.numbers(this.#count, 'length of the record');
  }
}
