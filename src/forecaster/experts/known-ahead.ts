/**
 * What is known of the future, as regressors. A covariate u that is known ahead gives
 *
 *     u_t − ū                     its value now
 *     u[from…to] − u_t            how it will change: its mean over each span of leads
 *
 * in its own typical deviations. The spans are the same for all leads, so that all leads share
 * their regressors; they widen with the lead, four to an octave. What is not known is taken to stay.
 */
import type { ByteReader, ByteWriter } from '../../store/bytes.ts';
import { clamp, Scaler } from '../scaler.ts';
import type { History } from './expert.ts';

const SCALE_STEPS = 5_000;
const REGRESSOR_MAX = 10;

export class KnownAhead {
  readonly count: number;
  readonly #lanes: number;
  /** Last lead of each span, ascending. */
  readonly #ends: readonly number[];
  readonly #levels: readonly Scaler[];
  /** [covariates][1 + horizon] of the newest step, what is not known filled in. */
  readonly #values: Float64Array;

  /** @param covariates how many are known ahead; 0 for none */
  constructor(covariates: number, horizon: number) {
    this.#lanes = 1 + horizon;
    this.#ends = spanEnds(horizon);
    this.#levels = Array.from({ length: covariates }, () => new Scaler(SCALE_STEPS));
    this.#values = new Float64Array(covariates * this.#lanes).fill(Number.NaN);
    this.count = covariates * (1 + this.#ends.length);
  }

  /** Takes the newest step in. */
  add({ ahead }: History): void {
    for (const [i, level] of this.#levels.entries()) {
      const first = i * this.#lanes;
      let value = this.#values[first]!;
      for (let lead = 0; lead < this.#lanes; lead++) {
        const known = ahead[first + lead]!;
        if (!Number.isNaN(known)) value = known;
        this.#values[first + lead] = value;
      }
      const now = ahead[first]!;
      if (!Number.isNaN(now)) level.add(now);
    }
  }

  /** @returns the place behind the last one filled */
  fill(out: Float64Array, from: number): number {
    let n = from;
    for (const [i, { center, scale }] of this.#levels.entries()) {
      const first = i * this.#lanes;
      const now = this.#values[first]!;
      out[n++] = bounded((now - center) / scale);
      let lead = 1;
      for (const end of this.#ends) {
        const leads = end - lead + 1;
        let sum = 0;
        for (; lead <= end; lead++) sum += this.#values[first + lead]! - now;
        out[n++] = bounded(sum / leads / scale);
      }
    }
    return n;
  }

  save(out: ByteWriter): void {
    for (const level of this.#levels) level.save(out);
    out.numbers(this.#values);
  }

  load(from: ByteReader): void {
    for (const level of this.#levels) level.load(from);
    from.numbers(this.#values, 'known ahead');
  }
}

/** 0 where a constant has no scale, and where nothing is known. */
function bounded(value: number): number {
  return Number.isFinite(value) ? clamp(value, REGRESSOR_MAX) : 0;
}

/** 1 to 8, then 10, 12, 14, 16, 20, … up to the horizon. */
function spanEnds(horizon: number): number[] {
  const ends: number[] = [];
  for (let end = 1; end < horizon; end += Math.max(1, 2 ** Math.floor(Math.log2(end) - 2))) {
    ends.push(end);
  }
  ends.push(horizon);
  return ends;
}
