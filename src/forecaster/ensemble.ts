/**
 * ML-Poly: polynomially weighted averages with one learning rate an expert, per lead.
 *
 * When the value y of a forecast comes, p the mix and e_k the experts' forecasts that were issued:
 *
 *     r_k = 2 (p − y)(p − e_k)        how much expert k would have gained (gradient of the square)
 *     R_k = γ R_k + r_k               its regret so far: above 0 it deserves weight
 *     V_k = γ V_k + r_k²,  B = max(γ B, max_k r_k²)
 *     w_k ∝ max(R_k − c √V_k, 0) / (V_k + B)      c = 0 for expert 0
 *
 * The losses come `lead` steps late, with the p and e_k of their issue. An expert that was silent
 * (NaN) at issue neither gains nor loses, and one that is silent now has no weight (sleeping
 * experts). Where nobody has regret the simplest, expert 0, has all the weight.
 *
 * P. Gaillard, G. Stoltz, T. van Erven: A second-order bound with excess losses. COLT 2014.
 * Differences: γ forgets, so that weights follow a change after years too; errors are measured in
 * the naive forecast's typical error and bounded, so that one jump does not decide for ever; c asks the
 * others for a gain beyond chance, so that a new series, or a random walk, stays at the simplest.
 */
import type { ByteReader, ByteWriter } from '../store/bytes.ts';
import { clamp } from './scaler.ts';

const MEMORY_STEPS = 5_000;
/** Bound on an error, in typical errors of the naive forecast. */
const ERROR_MAX = 30;
const CAUTION = 0.5;
/** Share of the record that a change of full strength voids. */
const QUICKEN_SHARE = 0.8;
/** Where all gains were so small that their squares vanish, no division by zero. */
const BOUND_MIN = 1e-12;

export interface EnsembleSettings {
  /** γ = 1 − 1 / this */
  readonly memorySteps?: number;
  /** c: standard deviations of chance. */
  readonly caution?: number;
}

export class Ensemble {
  readonly #experts: number;
  readonly #keep: number;
  readonly #caution: number;
  /** [horizon][experts] */
  readonly #regret: Float64Array;
  readonly #square: Float64Array;
  readonly #weights: Float64Array;
  /** [horizon] */
  readonly #bound: Float64Array;

  constructor(
    horizon: number,
    experts: number,
    { memorySteps = MEMORY_STEPS, caution = CAUTION }: EnsembleSettings = {},
  ) {
    this.#caution = caution;
    this.#keep = 1 - 1 / memorySteps;
    this.#experts = experts;
    this.#regret = new Float64Array(horizon * experts);
    this.#square = new Float64Array(horizon * experts);
    this.#weights = new Float64Array(horizon * experts);
    this.#bound = new Float64Array(horizon);
  }

  /** Weight of an expert at a lead (0-based) in the newest mix. */
  weight(lead: number, expert: number): number {
    return this.#weights[lead * this.#experts + expert]!;
  }

  /**
   * Weighs the experts for one lead.
   * @param forecasts the experts' values at `offset`…; the first must not be NaN
   */
  mix(lead: number, forecasts: Float64Array, offset: number): number {
    const first = lead * this.#experts;
    const bound = Math.max(BOUND_MIN, this.#bound[lead]!);
    let total = 0;
    for (let k = 0; k < this.#experts; k++) {
      const silent = Number.isNaN(forecasts[offset + k]!);
      const square = this.#square[first + k]!;
      const chance = k === 0 ? 0 : this.#caution * Math.sqrt(square);
      const gain = silent ? 0 : this.#regret[first + k]! - chance;
      const weight = gain > 0 ? gain / (square + bound) : 0;
      this.#weights[first + k] = weight;
      total += weight;
    }
    const base = forecasts[offset]!;
    if (!(total > 0)) {
      this.#weights[first] = 1;
      return base;
    }
    // Relative to the first, and bounded: experts that agree give exactly what they agree on, and
    // no rounding carries the mix beyond them.
    let shift = 0;
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < this.#experts; k++) {
      const weight = this.#weights[first + k]! / total;
      this.#weights[first + k] = weight;
      if (weight === 0) continue;
      const forecast = forecasts[offset + k]!;
      shift += weight * (forecast - base);
      least = Math.min(least, forecast);
      most = Math.max(most, forecast);
    }
    return Math.max(least, Math.min(most, base + shift));
  }

  /**
   * @param forecasts what the experts said for `actual`, at `offset`…
   * @param mix what `mix` made of it then
   * @param scale typical error at this lead, series' units; 0 = every error so far was 0
   */
  learn(
    lead: number,
    forecasts: Float64Array,
    offset: number,
    mix: number,
    actual: number,
    scale: number,
  ): void {
    const keep = this.#keep;
    const first = lead * this.#experts;
    const error = scale > 0 ? clamp((mix - actual) / scale, ERROR_MAX) : 0;
    let bound = this.#bound[lead]! * keep;
    for (let k = 0; k < this.#experts; k++) {
      const forecast = forecasts[offset + k]!;
      if (Number.isNaN(forecast)) continue;
      const apart = scale > 0 ? clamp((mix - forecast) / scale, 2 * ERROR_MAX) : 0;
      const gain = 2 * error * apart;
      this.#regret[first + k] = this.#regret[first + k]! * keep + gain;
      this.#square[first + k] = this.#square[first + k]! * keep + gain * gain;
      bound = Math.max(bound, gain * gain);
    }
    this.#bound[lead] = bound;
  }

  /** The record counts less by a share of the strength. */
  quicken(strength: number): void {
    const keep = 1 - QUICKEN_SHARE * strength;
    for (let i = 0; i < this.#regret.length; i++) {
      this.#regret[i]! *= keep;
      this.#square[i]! *= keep;
    }
    for (let i = 0; i < this.#bound.length; i++) this.#bound[i]! *= keep;
  }

  save(out: ByteWriter): void {
    out.numbers(this.#regret).numbers(this.#square).numbers(this.#weights).numbers(this.#bound);
  }

  load(from: ByteReader): void {
    from.numbers(this.#regret, 'regret');
    from.numbers(this.#square, 'squared regret');
    from.numbers(this.#weights, 'weights');
    from.numbers(this.#bound, 'regret bound');
  }
}
