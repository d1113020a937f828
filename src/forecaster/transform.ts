/**
 * The units in which a series is learned, and the way back.
 *
 *     none         z = y
 *     log          z = ln y                 errors in proportion: sizes, rates, concentrations
 *     difference   z = y                    only changes count: the last value is the start, and
 *     log_return   z = ln y                 their recent size sets the interval's width (prices)
 *
 * Back, ŷ = exp ẑ keeps the order of values, so quantiles go back as quantiles: an interval holds
 * as many values as before. The centre goes back the same way: it is the median of a skewed
 * distribution, not its mean, exp(ẑ + s²/2). So it always lies within its interval, is best for
 * absolute errors, and a forecast of "as now" is the value of now.
 *
 * Changes are not cumulated: lead h is forecast as one change over h steps. Quantiles of
 * single steps do not add up to the quantiles of their sum, those of the sum can be learned.
 */
import { VALUE_MAX } from './credible.ts';

export type TransformKind = 'none' | 'log' | 'difference' | 'log_return';

export interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

/** Whether values are learned as logarithms. */
export function isLogarithmic(kind: TransformKind): boolean {
  return kind === 'log' || kind === 'log_return';
}

/** Whether the size of recent changes sets the width of intervals. */
export function isOfChanges(kind: TransformKind): boolean {
  return kind === 'difference' || kind === 'log_return';
}

/** @returns NaN where the value has no logarithm */
export function forward(kind: TransformKind, value: number): number {
  if (!isLogarithmic(kind)) return value;
  return value > 0 ? Math.log(value) : Number.NaN;
}

/** Never infinite, whatever the size of `z`. */
export function back(kind: TransformKind, z: number): number {
  return isLogarithmic(kind) ? Math.min(Math.exp(z), VALUE_MAX) : z;
}

export function within({ min, max }: Bounds, value: number): number {
  if (min !== undefined && value < min) return min;
  return max !== undefined && value > max ? max : value;
}
