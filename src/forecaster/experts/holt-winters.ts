/**
 * Holt–Winters: level l, damped trend b and seasonal terms s, each an exponential average.
 *
 *     e = y − (l + φ b + s_phase)
 *     l ← l + φ b + α e,  b ← φ b + α β e,  s_phase ← s_phase + γ (1 − α) e
 *     forecast of lead h: l + (φ + … + φ^h) b + s_{phase+h}
 *
 * (Error-correction form: R. Hyndman et al.: Forecasting with Exponential Smoothing, 2008, ch. 2.)
 * Several settings of α, β and γ run side by side; each forecast is the one's whose squared one-step
 * error has lately been least. On the logarithm of a positive series it is the multiplicative
 * method. The first season gives the first state.
 */
import { ByteReader, ByteWriter } from '../../store/bytes.ts';
import type { Expert, History } from './expert.ts';

/** α, β, γ. */
const CANDIDATES: readonly (readonly [number, number, number])[] = [
  [0.15, 0.05, 0.15],
  [0.3, 0.05, 0.3],
  [0.5, 0.05, 0.3],
  [0.8, 0.02, 0.5],
  [0.3, 0.3, 0.3],
  [0.05, 0.02, 0.05],
];
const DAMPING = 0.95;
/** Memory of the errors that choose, in steps. */
const ERROR_STEPS = 300;
/** An error counts at most as so many typical ones. */
const ERROR_RATIO_MAX = 6;

export class HoltWinters implements Expert {
  readonly name: string;
  readonly historySteps = 1;
  readonly #season: number;
  readonly #logarithmic: boolean;
  /** A candidate's level, trend, squared error. */
  readonly #states: Float64Array;
  /** [candidates][season] */
  readonly #seasonal: Float64Array;
  #seen = 0;
  #size = 0;
  #void = false;

  /** @param seasonSteps 1: no season */
  constructor(seasonSteps: number, logarithmic: boolean) {
    this.name = `holt_winters_${seasonSteps}${logarithmic ? '_log' : ''}`;
    this.#season = seasonSteps;
    this.#logarithmic = logarithmic;
    this.#states = new Float64Array(CANDIDATES.length * 3);
    this.#seasonal = new Float64Array(CANDIDATES.length * seasonSteps);
  }

  learn(history: History): void {
    let value = history.at(0);
    // Time passes in a gap too, for trend and phase.
    if (this.#logarithmic && !Number.isNaN(value)) {
      this.#void = this.#void || value <= 0;
      value = value > 0 ? Math.log(value) : Number.NaN;
    }
    if (this.#seen < this.#season) this.#begin(value);
    else this.#update(value);
    this.#seen++;
  }

  /** The first season: its mean is the level, the distances from it the seasonal terms. */
  #begin(value: number): void {
    const phase = this.#seen % this.#season;
    for (let c = 0; c < CANDIDATES.length; c++) this.#seasonal[c * this.#season + phase] = value;
    if (this.#seen + 1 < this.#season) return;
    let sum = 0;
    let count = 0;
    for (let i = 0; i < this.#season; i++) {
      const first = this.#seasonal[i]!;
      if (Number.isNaN(first)) continue;
      sum += first;
      count++;
    }
    const level = count > 0 ? sum / count : 0;
    for (let c = 0; c < CANDIDATES.length; c++) {
      this.#states[c * 3] = level;
      for (let i = 0; i < this.#season; i++) {
        const at = c * this.#season + i;
        const term = this.#seasonal[at]! - level;
        this.#seasonal[at] = Number.isNaN(term) ? 0 : term;
      }
    }
  }

  #update(value: number): void {
    const states = this.#states;
    const phase = this.#seen % this.#season;
    let least = Number.POSITIVE_INFINITY;
    for (let c = 0; c < CANDIDATES.length; c++) {
      const [alpha, beta, gamma] = CANDIDATES[c]!;
      const trend = DAMPING * states[c * 3 + 1]!;
      const level = states[c * 3]! + trend;
      const at = c * this.#season + phase;
      states[c * 3] = level;
      states[c * 3 + 1] = trend;
      let error = value - level - this.#seasonal[at]!;
      if (Number.isNaN(error)) continue;
      least = Math.min(least, Math.abs(error));
      if (this.#size > 0) {
        const limit = ERROR_RATIO_MAX * this.#size;
        error = Math.max(-limit, Math.min(limit, error));
      }
      states[c * 3] = level + alpha * error;
      states[c * 3 + 1] = trend + alpha * beta * error;
      this.#seasonal[at]! += this.#season > 1 ? gamma * (1 - alpha) * error : 0;
      states[c * 3 + 2]! += (error * error - states[c * 3 + 2]!) / ERROR_STEPS;
    }
    if (least < Number.POSITIVE_INFINITY) {
      const count = Math.min(this.#seen - this.#season + 1, ERROR_STEPS);
      this.#size += (least - this.#size) / count;
    }
  }

  forecast(_: History, out: Float64Array): void {
    if (this.#void || this.#seen < Math.max(2, this.#season)) {
      out.fill(Number.NaN);
      return;
    }
    let best = 0;
    for (let c = 1; c < CANDIDATES.length; c++) {
      if (this.#states[c * 3 + 2]! < this.#states[best * 3 + 2]!) best = c;
    }
    let level = this.#states[best * 3]!;
    let trend = this.#states[best * 3 + 1]!;
    for (let i = 0; i < out.length; i++) {
      trend *= DAMPING;
      level += trend;
      const value =
        level + this.#seasonal[best * this.#season + ((this.#seen + i) % this.#season)]!;
      out[i] = this.#logarithmic ? Math.exp(value) : value;
    }
  }

  /** Where in the season it is can no longer be told: begin anew. */
  restart(): void {
    this.#seen = 0;
    this.#size = 0;
    this.#states.fill(0);
  }

  save(): Uint8Array {
    const out = new ByteWriter().numbers(this.#states).numbers(this.#seasonal);
    return out
      .number(this.#seen)
      .number(this.#size)
      .number(this.#void ? 1 : 0)
      .finish();
  }

  load(bytes: Uint8Array): void {
    const from = new ByteReader(bytes);
    from.numbers(this.#states, 'Holt–Winters states');
    from.numbers(this.#seasonal, 'Holt–Winters season');
    this.#seen = from.number();
    this.#size = from.number();
    this.#void = from.number() === 1;
    from.end();
  }
}
