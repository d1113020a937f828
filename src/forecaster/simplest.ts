import type { ByteReader, ByteWriter } from '../store/bytes.ts';
import { clamp } from './scaler.ts';

const MEMORY_STEPS = 1_000;
/** A seasonal naive forecast takes the place of the last value where its squared error is this share. */
const SHARE = 0.9;
/** … or this one, while few errors are known; longer leads, whose errors overlap, need more of them. */
const SHARE_FEW = 0.6;
const COUNT_LEAST = 24;
const COUNT_FEW = 4;
const ERROR_MAX = 30;

/**
 * The best of the simplest forecasts, per lead: the last value, or the value a season ago where that
 * has been clearly better. It is what everything else must beat, and what is said until it does.
 */
export class Simplest {
  readonly #seasonal: readonly number[];
  /** [horizon][seasonal]: squared errors of the seasonal one and of the last value, over the same steps. */
  readonly #own: Float64Array;
  readonly #last: Float64Array;
  readonly #count: Float64Array;

  /** @param seasonal places of the seasonal naive forecasts among the experts; the last value is 0 */
  constructor(horizon: number, seasonal: readonly number[]) {
    this.#seasonal = seasonal;
    this.#own = new Float64Array(horizon * seasonal.length);
    this.#last = new Float64Array(horizon * seasonal.length);
    this.#count = new Float64Array(horizon * seasonal.length);
  }

  /** Place of the expert that is the naive one now; it speaks. Lead is 0-based. */
  of(lead: number, forecasts: Float64Array, offset: number): number {
    let best = 0;
    let least = 1;
    for (const [i, expert] of this.#seasonal.entries()) {
      if (Number.isNaN(forecasts[offset + expert]!)) continue;
      const at = lead * this.#seasonal.length + i;
      const count = this.#count[at]!;
      if (count < COUNT_LEAST) continue;
      const share = this.#own[at]! / this.#last[at]!;
      const most = count < COUNT_FEW * (lead + 1) ? SHARE_FEW : SHARE;
      if (share < most && share < least) [best, least] = [expert, share];
    }
    return best;
  }

  /** @param scale typical error of the last value, above 0 */
  learn(
    lead: number,
    forecasts: Float64Array,
    offset: number,
    actual: number,
    scale: number,
  ): void {
    const last = clamp((forecasts[offset]! - actual) / scale, ERROR_MAX) ** 2;
    for (const [i, expert] of this.#seasonal.entries()) {
      const forecast = forecasts[offset + expert]!;
      if (Number.isNaN(forecast)) continue;
      const at = lead * this.#seasonal.length + i;
      const own = clamp((forecast - actual) / scale, ERROR_MAX) ** 2;
      const count = Math.min(this.#count[at]! + 1, MEMORY_STEPS);
      this.#count[at] = count;
      this.#own[at]! += (own - this.#own[at]!) / count;
      this.#last[at]! += (last - this.#last[at]!) / count;
    }
  }

  save(out: ByteWriter): void {
    out.numbers(this.#own).numbers(this.#last).numbers(this.#count);
  }

  load(from: ByteReader): void {
    from.numbers(this.#own, 'seasonal errors');
    from.numbers(this.#last, 'last value errors');
    from.numbers(this.#count, 'count of seasonal errors');
  }
}
