/**
 * The last value, moved by what is known of the future: with covariates u known ahead,
 *
 *     x̂[t+h] = x_t + Σ_j β_j (u_j[t+h] − u_j[t])
 *
 * β by recursive least squares on one-step changes, Δx_t ≈ Σ_j β_j Δu_j[t], learned only where some
 * u changes: a switch that is thrown once a week is not forgotten in between. The same β for all
 * leads, so that few changes teach it; what it leaves, seasons and memory, is for other experts.
 */
import { ByteReader, ByteWriter } from '../../store/bytes.ts';
import { clamp, MeanSize } from '../scaler.ts';
import type { Expert, History } from './expert.ts';
import { RecursiveLeastSquares } from './rls.ts';

const FORGETTING = 0.995;
const INITIAL_VARIANCE = 100;
const RIDGE = 0.01;
const CHANGES_MIN = 3;
/** Bound on a change, in typical ones. */
const CHANGE_MAX = 50;
const MEMORY_STEPS = 2_000;

export class KnownEffect implements Expert {
  readonly name = 'known_effect';
  readonly historySteps = 2;
  readonly #covariates: number;
  readonly #lanes: number;
  readonly #rls: RecursiveLeastSquares;
  /** Typical changes: of the series, then of each covariate where it changes. */
  readonly #size: MeanSize;
  readonly #previous: Float64Array;
  readonly #f: Float64Array;
  readonly #out = new Float64Array(1);
  #changes = 0;

  constructor(covariates: number, horizon: number) {
    this.#covariates = covariates;
    this.#lanes = 1 + horizon;
    this.#size = new MeanSize(1 + covariates, MEMORY_STEPS);
    this.#previous = new Float64Array(covariates).fill(Number.NaN);
    this.#f = new Float64Array(covariates);
    this.#rls = new RecursiveLeastSquares({
      regressors: covariates,
      horizon: 1,
      forgetting: FORGETTING,
      initialVariance: INITIAL_VARIANCE,
    });
  }

  learn(history: History): void {
    const change = history.at(0) - history.at(1);
    let moved = 0;
    for (let i = 0; i < this.#covariates; i++) {
      const now = history.ahead[i * this.#lanes]!;
      const step = now - this.#previous[i]!;
      if (!Number.isNaN(now)) this.#previous[i] = now;
      if (step !== 0 && !Number.isNaN(step)) this.#size.add(1 + i, step);
      this.#f[i] = this.#scaled(1 + i, step);
      moved += Math.abs(this.#f[i]!);
    }
    if (Number.isNaN(change)) return;
    if (change !== 0) this.#size.add(0, change);
    if (moved === 0) return;
    this.#changes++;
    this.#rls.issue(this.#f, RIDGE);
    this.#rls.learn(1, this.#scaled(0, change));
  }

  forecast(history: History, out: Float64Array): void {
    out.fill(this.#changes < CHANGES_MIN ? Number.NaN : history.last);
    if (this.#changes < CHANGES_MIN) return;
    for (let lead = 1; lead < this.#lanes; lead++) {
      for (let i = 0; i < this.#covariates; i++) {
        const step = history.ahead[i * this.#lanes + lead]! - this.#previous[i]!;
        this.#f[i] = this.#scaled(1 + i, step);
      }
      this.#rls.predict(this.#f, this.#out);
      out[lead - 1]! += this.#out[0]! * this.#size.mean(0);
    }
  }

  /** In typical changes; 0 where it is not known. */
  #scaled(lane: number, change: number): number {
    const size = this.#size.mean(lane);
    const ratio = change / size;
    return size > 0 && !Number.isNaN(ratio) ? clamp(ratio, CHANGE_MAX) : 0;
  }

  restart(): void {
    this.#previous.fill(Number.NaN);
  }

  save(): Uint8Array {
    const out = new ByteWriter().numbers(this.#previous).number(this.#changes);
    this.#size.save(out);
    this.#rls.save(out);
    return out.finish();
  }

  load(bytes: Uint8Array): void {
    const from = new ByteReader(bytes);
    from.numbers(this.#previous, 'covariates');
    this.#changes = from.number();
    this.#size.load(from);
    this.#rls.load(from);
    from.end();
  }
}
