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
 * P is kept as its lower triangle, row by row: symmetric by construction.
 *
 * S. Haykin: Adaptive Filter Theory, ch. 10. T. Gunnarsson: Combining tracking and regularization
 * in recursive least squares identification, 1996 (ridge under forgetting).
 */
import type { ByteReader, ByteWriter } from '../../store/bytes.ts';

const RIDGE_EVERY = 8;
/** Above this P is no longer a covariance of anything: begin it anew. */
const VARIANCE_MAX = 1e8;

export interface RlsSettings {
  readonly regressors: number;
  readonly horizon: number;
  /** λ in (0, 1): a step counts λ^k after k steps. */
  readonly forgetting: number;
  /** P at the start, on the diagonal: how far a weight may be from 0. */
  readonly initialVariance: number;
}

export class RecursiveLeastSquares {
  /** How often P had to be begun anew. */
  resets = 0;
  readonly #settings: RlsSettings;
  /** Lower triangle of P, row i at i (i + 1) / 2. */
  readonly #p: Float64Array;
  /** [horizon][d] */
  readonly #weights: Float64Array;
  /** Rings [horizon][d]; single precision: they are read once a lead and never accumulate. */
  readonly #regressors: Float32Array;
  readonly #gains: Float32Array;
  /** P f, or a column of P. */
  readonly #work: Float64Array;
  #steps = 0;

  constructor(settings: RlsSettings) {
    const { regressors: d, horizon } = settings;
    this.#settings = settings;
    this.#p = new Float64Array((d * (d + 1)) / 2);
    this.#weights = new Float64Array(horizon * d);
    this.#regressors = new Float32Array(horizon * d);
    this.#gains = new Float32Array(horizon * d);
    this.#work = new Float64Array(d);
    this.#resetCovariance();
  }

  /** Largest entry on P's diagonal. */
  get variance(): number {
    let most = 0;
    for (let i = 0; i < this.#settings.regressors; i++) {
      most = Math.max(most, this.#p[(i * (i + 3)) / 2]!);
    }
    return most;
  }

  /**
   * The target of `lead` (1-based) for the regressors issued `lead` steps ago.
   * @param y in the units that `predict` gives
   */
  learn(lead: number, y: number): void {
    const { regressors: d, horizon } = this.#settings;
    const row = ((this.#steps - lead) % horizon) * d;
    const first = (lead - 1) * d;
    const weights = this.#weights;
    const gains = this.#gains;
    const error = y - dotSingle(this.#regressors, row, weights, first, d);
    let i = 0;
    for (; i + 3 < d; i += 4) {
      weights[first + i]! += gains[row + i]! * error;
      weights[first + i + 1]! += gains[row + i + 1]! * error;
      weights[first + i + 2]! += gains[row + i + 2]! * error;
      weights[first + i + 3]! += gains[row + i + 3]! * error;
    }
    for (; i < d; i++) weights[first + i]! += gains[row + i]! * error;
  }

  /**
   * New regressors: their gain for the leads to come.
   * @param ridge ρ, in units of the squared target
   */
  issue(f: Float64Array, ridge: number): void {
    const { regressors: d, horizon, forgetting } = this.#settings;
    const pf = this.#work;
    this.#multiply(f);
    const denominator = forgetting + dot(f, 0, pf, 0, d);
    const row = (this.#steps % horizon) * d;
    this.#steps++;
    if (!(denominator > 0 && denominator < Number.POSITIVE_INFINITY)) {
      this.#resetCovariance();
      this.resets++;
      this.#regressors.fill(0, row, row + d);
      this.#gains.fill(0, row, row + d);
      return;
    }
    for (let i = 0; i < d; i++) {
      this.#regressors[row + i] = f[i]!;
      this.#gains[row + i] = pf[i]! / denominator;
    }
    this.#downdate(denominator, 1 / forgetting);
    if (ridge > 0 && this.#steps % RIDGE_EVERY === 0) {
      const k = (this.#steps / RIDGE_EVERY) % d;
      this.#shrink(k, ridge * (1 - forgetting) * d * RIDGE_EVERY);
    }
  }

  /** A step without regressors: nothing will be learned from it. */
  skip(): void {
    const { regressors: d, horizon } = this.#settings;
    const row = (this.#steps % horizon) * d;
    this.#regressors.fill(0, row, row + d);
    this.#gains.fill(0, row, row + d);
    this.#steps++;
  }

  /** @param out [horizon] */
  predict(f: Float64Array, out: Float64Array): void {
    const { regressors: d, horizon } = this.#settings;
    for (let h = 0; h < horizon; h++) out[h] = dot(f, 0, this.#weights, h * d, d);
  }

  /** work ← P f */
  #multiply(f: Float64Array): void {
    const { regressors: d } = this.#settings;
    const p = this.#p;
    const out = this.#work;
    let row = 0;
    for (let i = 0; i < d; i++) {
      const fi = f[i]!;
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      let j = 0;
      for (; j + 3 < i; j += 4) {
        const a = p[row + j]!;
        const b = p[row + j + 1]!;
        const c = p[row + j + 2]!;
        const e = p[row + j + 3]!;
        s0 += a * f[j]!;
        s1 += b * f[j + 1]!;
        s2 += c * f[j + 2]!;
        s3 += e * f[j + 3]!;
        out[j]! += a * fi;
        out[j + 1]! += b * fi;
        out[j + 2]! += c * fi;
        out[j + 3]! += e * fi;
      }
      for (; j < i; j++) {
        s0 += p[row + j]! * f[j]!;
        out[j]! += p[row + j]! * fi;
      }
      out[i] = s0 + s1 + (s2 + s3) + p[row + i]! * fi;
      row += i + 1;
    }
  }

  /** P ← (P − v vᵀ / denominator) × scale, with v in `work`. */
  #downdate(denominator: number, scale: number): void {
    const { regressors: d } = this.#settings;
    const p = this.#p;
    const v = this.#work;
    const by = scale / denominator;
    let row = 0;
    let sound = true;
    for (let i = 0; i < d; i++) {
      const a = v[i]! * by;
      let j = 0;
      for (; j + 2 < i; j += 4) {
        p[row + j] = p[row + j]! * scale - a * v[j]!;
        p[row + j + 1] = p[row + j + 1]! * scale - a * v[j + 1]!;
        p[row + j + 2] = p[row + j + 2]! * scale - a * v[j + 2]!;
        p[row + j + 3] = p[row + j + 3]! * scale - a * v[j + 3]!;
      }
      for (; j <= i; j++) p[row + j] = p[row + j]! * scale - a * v[j]!;
      const variance = p[row + i]!;
      sound = sound && variance > 0 && variance < VARIANCE_MAX;
      row += i + 1;
    }
    if (sound) return;
    this.#resetCovariance();
    this.resets++;
  }

  /** The pseudo-observation s e_k → 0. */
  #shrink(k: number, squared: number): void {
    const { regressors: d, horizon } = this.#settings;
    const column = this.#work;
    for (let i = 0; i < d; i++) {
      column[i] = this.#p[i >= k ? (i * (i + 1)) / 2 + k : (k * (k + 1)) / 2 + i]!;
    }
    const denominator = 1 / squared + column[k]!;
    for (let h = 0; h < horizon; h++) {
      const pull = this.#weights[h * d + k]! / denominator;
      if (pull === 0) continue;
      for (let i = 0; i < d; i++) this.#weights[h * d + i]! -= column[i]! * pull;
    }
    this.#downdate(denominator, 1);
  }

  #resetCovariance(): void {
    this.#p.fill(0);
    for (let i = 0; i < this.#settings.regressors; i++) {
      this.#p[(i * (i + 3)) / 2] = this.#settings.initialVariance;
    }
  }

  save(out: ByteWriter): void {
    out.number(this.#steps).number(this.resets).numbers(this.#p).numbers(this.#weights);
    out.numbers(Float64Array.from(this.#regressors)).numbers(Float64Array.from(this.#gains));
  }

  load(from: ByteReader): void {
    this.#steps = from.number();
    this.resets = from.number();
    from.numbers(this.#p, 'covariance');
    from.numbers(this.#weights, 'weights');
    const ring = new Float64Array(this.#regressors.length);
    from.numbers(ring, 'regressors');
    this.#regressors.set(ring);
    from.numbers(ring, 'gains');
    this.#gains.set(ring);
  }
}

/** Four sums side by side: an addition need not wait for the one before. */
function dot(a: Float64Array, aFirst: number, b: Float64Array, bFirst: number, n: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 3 < n; i += 4) {
    s0 += a[aFirst + i]! * b[bFirst + i]!;
    s1 += a[aFirst + i + 1]! * b[bFirst + i + 1]!;
    s2 += a[aFirst + i + 2]! * b[bFirst + i + 2]!;
    s3 += a[aFirst + i + 3]! * b[bFirst + i + 3]!;
  }
  for (; i < n; i++) s0 += a[aFirst + i]! * b[bFirst + i]!;
  return s0 + s1 + (s2 + s3);
}

/** `dot` again: code that serves two kinds of array is compiled for neither. */
function dotSingle(
  a: Float32Array,
  aFirst: number,
  b: Float64Array,
  bFirst: number,
  n: number,
): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 3 < n; i += 4) {
    s0 += a[aFirst + i]! * b[bFirst + i]!;
    s1 += a[aFirst + i + 1]! * b[bFirst + i + 1]!;
    s2 += a[aFirst + i + 2]! * b[bFirst + i + 2]!;
    s3 += a[aFirst + i + 3]! * b[bFirst + i + 3]!;
  }
  for (; i < n; i++) s0 += a[aFirst + i]! * b[bFirst + i]!;
  return s0 + s1 + (s2 + s3);
}
