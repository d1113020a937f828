/**
 * The contract of the linear kernel: the arithmetic of recursive least squares, in a plain form
 * (linear-reference.ts) and in WebAssembly (linear-wasm.ts). Both sum in the same order and round
 * alike, so a filter may be saved by the one and go on with the other, byte for byte.
 *
 * Legend: d regressors, D = d rounded up to a multiple of 4, H leads.
 *
 *     covariance  float64, the lower triangle of P in panels of four rows. Panel k is
 *                 [4][4k + 4]: rows 4k … 4k + 3 from column 0 up to and with the square block on
 *                 the diagonal, which is kept whole and exactly symmetric. What pads is 0.
 *     singles     float32: weights [H][D], ring of regressors [H][D], ring of gains [H][D]
 *
 * P loses what it is squared by: it needs double precision. Weights and rings do not.
 */

export interface LinearFilter {
  /** A view; it holds until another filter is made. */
  readonly covariance: Float64Array;
  readonly singles: Float32Array;
  /**
   * g = P f / (λ + fᵀ P f) and f to row `row` of the rings, P ← (P − g (P f)ᵀ) / λ.
   * @param f [d]
   * @returns false when P is no covariance any more: then begin it anew
   */
  issue(f: Float64Array, row: number, forgetting: number): boolean;
  /** One lead (0-based) learns from row `row` of the rings: w ← w + g (y − fᵀ w). */
  learn(lead: number, row: number, y: number): void;
  /**
   * All leads learn: lead 0 from row `newest` of the rings, the others from the rows before it.
   * @param targets [H], NaN where there is none
   */
  learnAll(targets: Float64Array, newest: number): void;
  /**
   * The pseudo-observation s e_k → 0: pulls weight k of every lead towards 0.
   * @param squared s²
   * @returns as `issue`
   */
  shrink(k: number, squared: number): boolean;
  /** @param f [d]; @param out [H] fᵀ w of every lead */
  predict(f: Float64Array, out: Float64Array): void;
}

export interface LinearKernel {
  /** A filter of zeros. @throws Error when the kernel's memory has reached its limit */
  filter(regressors: number, horizon: number): LinearFilter;
}

/** An entry on P's diagonal from here up, or at 0 and below, is no variance. */
export const VARIANCE_MAX = 1e8;
/** Added and taken away again: what is far smaller becomes 0 before it becomes denormal. */
export const GRAIN = Math.fround(6e-24);

/** D */
export function padded(regressors: number): number {
  return 4 * Math.ceil(regressors / 4);
}

export function covarianceLength(regressors: number): number {
  return panelStart(padded(regressors) / 4);
}

/** Where in `covariance` a panel begins. */
export function panelStart(panel: number): number {
  return 8 * panel * (panel + 1);
}

/** Where in `covariance` the variance of a weight is. */
export function diagonal(i: number): number {
  const panel = i >> 2;
  return panelStart(panel) + (i & 3) * (4 * panel + 4) + i;
}
