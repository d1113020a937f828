/**
 * Recursive least squares for all leads at once, with delayed targets.
 *
 * The covariance P hangs on the regressors alone, so all leads share one. Legend: d regressors,
 * f_t [d] the regressors of step t, w_h [d] the weights of lead h, λ forgetting:
 *
 *     issue at t       g_t = P f_t / (λ + f_tᵀ P f_t),   P ← (P − g_t (P f_t)ᵀ) / λ
 *     target of lead h g = g_{t−h},  w_h ← w_h + g (y − f_{t−h}ᵀ w_h)
 *
 * The last H pairs (f, g) wait for their targets in a ring: every lead learns as soon as its own
 * target is known, at the price of one update of P. With H = 1 it is the textbook filter.
 *
 * Persistent ridge: forgetting lets P grow without bound along directions that the data leave
 * alone. So every `RIDGE_EVERY` steps one pseudo-observation s e_k → 0, for k in turn, pulls weight
 * k towards 0; s² = ρ (1 − λ) d × RIDGE_EVERY keeps the sum of all of them at ρ in the long run.
 *
 * The arithmetic, and how P is kept symmetric: recurrent/linear.ts.
 *
 * S. Haykin: Adaptive Filter Theory, ch. 10. T. Gunnarsson: Combining tracking and regularization
 * in recursive least squares identification, 1996 (ridge under forgetting).
 */
import { diagonal, type LinearFilter, type LinearKernel, padded } from '../../recurrent/linear.ts';
import { referenceLinear } from '../../recurrent/linear-reference.ts';
import type { ByteReader, ByteWriter } from '../../store/bytes.ts';

const RIDGE_EVERY = 8;
/** Thinned so far, few leads have a target: one by one is quicker than all in one. */
const SPARSE = 4;

export interface RlsSettings {
  readonly regressors: number;
  readonly horizon: number;
  /** λ in (0, 1): a step counts λ^k after k steps. */
  readonly forgetting: number;
  /** P at the start, on the diagonal: how far a weight may be from 0. */
  readonly initialVariance: number;
}

export class RecursiveLeastSquares {
  /** How often P, or a weight that ran away, had to be begun anew. */
  resets = 0;
  readonly #settings: RlsSettings;
  readonly #filter: LinearFilter;
  #steps = 0;
  #thinning = 1;

  /** @param linear whose arithmetic; the results are the same */
  constructor(settings: RlsSettings, linear: LinearKernel = referenceLinear) {
    this.#settings = settings;
    this.#filter = linear.filter(settings.regressors, settings.horizon);
    this.#resetCovariance();
  }

  /** Largest entry on P's diagonal. */
  get variance(): number {
    const { covariance } = this.#filter;
    let most = 0;
    for (let i = 0; i < this.#settings.regressors; i++) {
      most = Math.max(most, covariance[diagonal(i)]!);
    }
    return most;
  }

  /**
   * The target of `lead` (1-based) for the regressors issued `lead` steps ago.
   * @param y in the units that `predict` gives
   */
  learn(lead: number, y: number): void {
    if (lead <= this.#steps) this.#filter.learn(lead - 1, this.#row(lead), y);
  }

  /**
   * The same for all leads in one.
   * @param targets [horizon], NaN where none is known
   */
  learnAll(targets: Float64Array): void {
    if (this.#thinning >= SPARSE) {
      for (let i = 0; i < targets.length; i++) {
        if (!Number.isNaN(targets[i]!)) this.learn(i + 1, targets[i]!);
      }
    } else if (this.#steps > 0) this.#filter.learnAll(targets, this.#row(1));
  }

  /** Where in the rings the regressors of `back` steps ago lie. */
  #row(back: number): number {
    return (this.#steps - back) % this.#settings.horizon;
  }

  /**
   * New regressors: their gain for the leads to come.
   * @param ridge ρ, in units of the squared target
   * @returns whether they will be learned from: not at every step while learning is thinned
   */
  issue(f: Float64Array, ridge: number): boolean {
    const { regressors: d, forgetting } = this.#settings;
    if ((this.#steps + 1) % this.#thinning !== 0) {
      this.skip();
      return false;
    }
    this.#steps++;
    const row = this.#row(1);
    const ridgeEvery = RIDGE_EVERY * this.#thinning;
    if (!this.#filter.issue(f, row, forgetting)) {
      this.#clearRow(row);
      this.#beginAnew();
    } else if (ridge > 0 && this.#steps % ridgeEvery === 0) {
      const k = (this.#steps / ridgeEvery) % d;
      const squared = ridge * (1 - forgetting) * d * RIDGE_EVERY;
      if (!this.#filter.shrink(k, squared)) this.#beginAnew();
    }
    return true;
  }

  /** Only every `factor`-th regressors are learned from. */
  thin(factor: number): void {
    this.#thinning = factor;
  }

  /** A step without regressors: nothing will be learned from it. */
  skip(): void {
    this.#steps++;
    this.#clearRow(this.#row(1));
  }

  /** @param out [horizon] */
  predict(f: Float64Array, out: Float64Array): void {
    this.#filter.predict(f, out);
    let check = 0;
    for (let h = 0; h < out.length; h++) check += 0 * out[h]!;
    if (check === 0) return;
    for (let h = 0; h < out.length; h++) {
      if (Number.isFinite(out[h])) continue;
      out[h] = 0;
      if (f.every(Number.isFinite)) this.#forget(h);
    }
  }

  /** A lead (0-based) whose weights ran away. */
  #forget(lead: number): void {
    const width = padded(this.#settings.regressors);
    this.#filter.singles.fill(0, lead * width, (lead + 1) * width);
    this.resets++;
  }

  #clearRow(row: number): void {
    const { horizon } = this.#settings;
    const width = padded(this.#settings.regressors);
    const { singles } = this.#filter;
    singles.fill(0, (horizon + row) * width, (horizon + row + 1) * width);
    singles.fill(0, (2 * horizon + row) * width, (2 * horizon + row + 1) * width);
  }

  #beginAnew(): void {
    this.#resetCovariance();
    this.resets++;
  }

  #resetCovariance(): void {
    const { covariance } = this.#filter;
    covariance.fill(0);
    for (let i = 0; i < this.#settings.regressors; i++) {
      covariance[diagonal(i)] = this.#settings.initialVariance;
    }
  }

  save(out: ByteWriter): void {
    out.number(this.#steps).number(this.resets);
    out.numbers(this.#filter.covariance).singles(this.#filter.singles);
  }

  load(from: ByteReader): void {
    this.#steps = from.number();
    this.resets = from.number();
    from.numbers(this.#filter.covariance, 'covariance');
    from.singles(this.#filter.singles, 'weights');
  }
}
