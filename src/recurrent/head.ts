/**
 * The linear head, one output a lead, and its masked loss.
 *
 *     p_t = W h_t + b                               W [O][H], h_t of the top layer [H], p_t [O]
 *     e_to = p_to − y_to
 *     L = Σ_to m_to ρ_o(e_to) ÷ Σ_to m_to           m 1 where the target is known, else 0
 *     dp_to = m_to ρ_o'(e_to) ÷ Σ_to m_to
 *
 *     L = −Σ_t m_t Σ_o y_to log s_to ÷ Σ_t m_t      softmax: s_t = exp p_t ÷ Σ_o exp p_to,
 *                                                   m_t = m_t0; with groups, t stands for
 *                                                   each group of each step
 *     dp_to = m_t (s_to Σ_o y_to − y_to) ÷ Σ_t m_t
 *
 * ρ is the penalty: squared, Huber [1], or quantile [2]; see Loss in engine.ts. It is normalised by
 * the number of known targets, not of steps: a window with gaps learns at the same rate.
 *
 * Where we differ from [1]: no factor ½, so that Huber equals squared for small errors.
 *
 * [1] P. Huber: Robust estimation of a location parameter. 1964.
 * [2] R. Koenker, G. Bassett: Regression quantiles. 1978.
 */
import type { Loss, TrainReport } from './engine.ts';

export const SQUARED: Loss = { kind: 'squared' };

/** The last row of mask [rows][O] with a known target; −1 when there is none. */
export function lastKnownRow(mask: Uint8Array, rows: number, outputs: number): number {
  for (let cell = rows * outputs - 1; cell >= 0; cell--) {
    if (mask[cell] !== 0) return Math.floor(cell / outputs);
  }
  return -1;
}

/**
 * L, and its gradient into `dp`.
 * @param p predictions [rows][O]
 * @param y targets [rows][O], not read where the mask is 0
 * @param mask [rows][O]
 * @param dp receives ∂L/∂p [rows][O]
 * @returns L; NaN when no target is known
 */
export function maskedLoss(
  loss: Loss,
  p: Float64Array,
  y: Float64Array,
  mask: Uint8Array,
  rows: number,
  outputs: number,
  dp: Float64Array,
): number {
  if (loss.kind === 'softmax') {
    const { groups = 1 } = loss;
    return softmaxLoss(p, y, mask, rows * groups, outputs / groups, dp);
  }
  let known = 0;
  for (let cell = 0; cell < rows * outputs; cell++) if (mask[cell] !== 0) known++;

  let sum = 0;
  for (let t = 0; t < rows; t++) {
    for (let o = 0; o < outputs; o++) {
      const cell = t * outputs + o;
      if (mask[cell] === 0) {
        dp[cell] = 0;
        continue;
      }
      const e = p[cell]! - y[cell]!;
      sum += penalty(loss, o, e);
      dp[cell] = penaltySlope(loss, o, e) / known;
    }
  }
  return sum / known;
}

function softmaxLoss(
  p: Float64Array,
  y: Float64Array,
  mask: Uint8Array,
  rows: number,
  outputs: number,
  dp: Float64Array,
): number {
  let known = 0;
  for (let t = 0; t < rows; t++) if (mask[t * outputs] !== 0) known++;

  let sum = 0;
  for (let t = 0; t < rows; t++) {
    const row = t * outputs;
    dp.fill(0, row, row + outputs);
    if (mask[row] === 0) continue;
    let weight = 0;
    for (let cell = row; cell < row + outputs; cell++) {
      weight += y[cell]!;
      sum -= y[cell]! * p[cell]!;
      dp[cell] = p[cell]!;
    }
    sum += weight * softmax(dp, row, outputs);
    for (let cell = row; cell < row + outputs; cell++) {
      dp[cell] = (dp[cell]! * weight - y[cell]!) / known;
    }
  }
  return sum / known;
}

/**
 * Probabilities in place of the outputs at [at..at + count).
 * @returns log Σ exp of the outputs
 */
function softmax(p: Float64Array, at: number, count: number): number {
  let largest = p[at]!;
  for (let o = 1; o < count; o++) largest = Math.max(largest, p[at + o]!);
  let sum = 0;
  for (let o = 0; o < count; o++) {
    p[at + o] = Math.exp(p[at + o]! - largest);
    sum += p[at + o]!;
  }
  for (let o = 0; o < count; o++) p[at + o]! /= sum;
  return largest + Math.log(sum);
}

/** Probabilities in place of a step's outputs, group by group; of other losses, nothing changes. */
export function toProbabilities(loss: Loss | undefined, p: Float64Array, outputs: number): void {
  if (loss?.kind !== 'softmax') return;
  const size = outputs / (loss.groups ?? 1);
  for (let at = 0; at < outputs; at += size) softmax(p, at, size);
}

/** The report of an update that did not happen. */
export function skippedReport(gradNorm: number): TrainReport {
  const nothing = Number.NaN;
  return {
    loss: nothing,
    gradNorm,
    clippedNorm: nothing,
    clipped: false,
    skipped: true,
    gradientReach: nothing,
  };
}

type ErrorLoss = Exclude<Loss, { kind: 'softmax' }>;

/** ρ_o(e). */
function penalty(loss: ErrorLoss, o: number, e: number): number {
  if (loss.kind === 'squared') return e * e;
  if (loss.kind === 'huber') {
    const size = Math.abs(e);
    return size <= loss.delta ? e * e : loss.delta * (2 * size - loss.delta);
  }
  return e < 0 ? -loss.levels[o]! * e : (1 - loss.levels[o]!) * e;
}

/** ρ_o'(e); at the kink of the quantile loss, 0. */
function penaltySlope(loss: ErrorLoss, o: number, e: number): number {
  if (loss.kind === 'squared') return 2 * e;
  if (loss.kind === 'huber') return 2 * Math.min(Math.max(e, -loss.delta), loss.delta);
  if (e === 0) return 0;
  return e < 0 ? -loss.levels[o]! : 1 - loss.levels[o]!;
}
