/**
 * The linear kernel in plain TypeScript: what kernel/linear.ts does, sum by sum. An array of four
 * or two sums here is a vector there.
 */
import {
  covarianceLength,
  diagonal,
  GRAIN,
  type LinearFilter,
  type LinearKernel,
  padded,
  panelStart,
  VARIANCE_MAX,
} from './linear.ts';

const { fround } = Math;

export const referenceLinear: LinearKernel = {
  filter: (regressors, horizon) => new ReferenceFilter(regressors, horizon),
};

/** Between two calls nothing of it is needed, so all filters share it. */
let scratch = newScratch(64);

function newScratch(size: number) {
  return { f: new Float64Array(size), v: new Float64Array(size), single: new Float32Array(size) };
}

class ReferenceFilter implements LinearFilter {
  readonly covariance: Float64Array;
  readonly singles: Float32Array;
  readonly #regressors: number;
  readonly #padded: number;
  readonly #horizon: number;

  constructor(regressors: number, horizon: number) {
    this.#regressors = regressors;
    this.#padded = padded(regressors);
    this.#horizon = horizon;
    this.covariance = new Float64Array(covarianceLength(regressors));
    this.singles = new Float32Array(3 * horizon * this.#padded);
    if (scratch.f.length < this.#padded) scratch = newScratch(this.#padded);
  }

  issue(given: Float64Array, row: number, forgetting: number): boolean {
    const { f, v, single } = scratch;
    const n = this.#padded;
    this.#take(given);
    for (let i = 0; i < n; i++) f[i] = single[i]!;
    this.#multiply(f, v);
    const denominator = forgetting + dot(f, v, n);
    if (!(denominator > 0 && denominator < Number.POSITIVE_INFINITY)) return false;
    const inverse = 1 / denominator;
    const regressors = (this.#horizon + row) * n;
    const gains = (2 * this.#horizon + row) * n;
    for (let i = 0; i < n; i++) {
      this.singles[regressors + i] = single[i]!;
      this.singles[gains + i] = grained(fround(v[i]! * inverse));
    }
    return this.#downdate(v, inverse, 1 / forgetting);
  }

  learn(lead: number, row: number, y: number): void {
    const n = this.#padded;
    const { singles } = this;
    const first = lead * n;
    const told = dotSingles(singles, first, singles, (this.#horizon + row) * n, n);
    const error = fround(fround(y) - told);
    if (error - error !== 0) return;
    const gains = (2 * this.#horizon + row) * n;
    for (let i = 0; i < n; i++) {
      singles[first + i] = fround(singles[first + i]! + fround(singles[gains + i]! * error));
    }
  }

  learnAll(targets: Float64Array, newest: number): void {
    for (let lead = 0; lead < this.#horizon; lead++) {
      this.learn(lead, (newest - lead + this.#horizon) % this.#horizon, targets[lead]!);
    }
  }

  shrink(k: number, squared: number): boolean {
    const { v, single } = scratch;
    const n = this.#padded;
    const p = this.covariance;
    for (let i = 0; i < n; i++) v[i] = p[i >> 2 < k >> 2 ? entry(k, i) : entry(i, k)]!;
    for (let i = 0; i < n; i++) single[i] = v[i]!;
    const inverse = 1 / (1 / squared + v[k]!);
    for (let first = 0; first < this.#horizon * n; first += n) {
      const pull = fround(this.singles[first + k]! * inverse);
      if (pull === 0) continue;
      for (let i = 0; i < n; i++) {
        const weight = fround(this.singles[first + i]! - fround(single[i]! * pull));
        this.singles[first + i] = grained(weight);
      }
    }
    return this.#downdate(v, inverse, 1);
  }

  predict(f: Float64Array, out: Float64Array): void {
    const { single } = scratch;
    const n = this.#padded;
    this.#take(f);
    for (let lead = 0; lead < this.#horizon; lead++) {
      out[lead] = dotSingles(this.singles, lead * n, single, 0, n);
    }
  }

  /** The regressors, padded, in single precision: P and the weights see the same. */
  #take(f: Float64Array): void {
    const { single } = scratch;
    for (let i = 0; i < f.length; i++) single[i] = grained(fround(f[i]!));
    single.fill(0, f.length, this.#padded);
  }

  /** v ← P f: each entry below the diagonal blocks serves its row and, mirrored, its column. */
  #multiply(f: Float64Array, v: Float64Array): void {
    const p = this.covariance;
    for (let first = 0; first < this.#padded; first += 4) {
      const stride = first + 4;
      const panel = panelStart(first >> 2);
      const f0 = f[first]!;
      const f1 = f[first + 1]!;
      const f2 = f[first + 2]!;
      const f3 = f[first + 3]!;
      for (let j = 0; j < first; j++) {
        const at = panel + j;
        const upper = p[at]! * f0 + p[at + stride]! * f1;
        v[j]! += upper + (p[at + 2 * stride]! * f2 + p[at + 3 * stride]! * f3);
      }
      for (let row = 0; row < 4; row++) {
        const at = panel + row * stride;
        let even = 0;
        let odd = 0;
        for (let j = 0; j < stride; j += 2) {
          even += p[at + j]! * f[j]!;
          odd += p[at + j + 1]! * f[j + 1]!;
        }
        v[first + row] = even + odd;
      }
    }
  }

  /** P ← P × scale − v vᵀ × inverse × scale */
  #downdate(v: Float64Array, inverse: number, scale: number): boolean {
    const p = this.covariance;
    const by = inverse * scale;
    for (let i = 0; i < this.#padded; i++) {
      const block = i & ~3;
      const row = entry(i, 0);
      const a = v[i]! * by;
      for (let j = 0; j < block; j++) p[row + j] = p[row + j]! * scale - a * v[j]!;
      // Symmetric in i and j to the last bit.
      for (let j = block; j < block + 4; j++) {
        p[row + j] = p[row + j]! * scale - v[i]! * v[j]! * by;
      }
    }
    for (let i = 0; i < this.#regressors; i++) {
      const variance = p[diagonal(i)]!;
      if (!(variance > 0 && variance < VARIANCE_MAX)) return false;
    }
    return true;
  }
}

/** Where row i, column j is, j not to the right of the row's diagonal block. */
function entry(i: number, j: number): number {
  return panelStart(i >> 2) + (i & 3) * ((i & ~3) + 4) + j;
}

function grained(x: number): number {
  return fround(fround(x + GRAIN) - GRAIN);
}

function dot(a: Float64Array, b: Float64Array, n: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let i = 0; i < n; i += 4) {
    s0 += a[i]! * b[i]!;
    s1 += a[i + 1]! * b[i + 1]!;
    s2 += a[i + 2]! * b[i + 2]!;
    s3 += a[i + 3]! * b[i + 3]!;
  }
  return s0 + s2 + (s1 + s3);
}

function dotSingles(a: Float32Array, aAt: number, b: Float32Array, bAt: number, n: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let i = 0; i < n; i += 4) {
    s0 = fround(s0 + fround(a[aAt + i]! * b[bAt + i]!));
    s1 = fround(s1 + fround(a[aAt + i + 1]! * b[bAt + i + 1]!));
    s2 = fround(s2 + fround(a[aAt + i + 2]! * b[bAt + i + 2]!));
    s3 = fround(s3 + fround(a[aAt + i + 3]! * b[bAt + i + 3]!));
  }
  return fround(fround(s0 + s1) + fround(s2 + s3));
}
