import type { ByteReader, ByteWriter } from '../store/bytes.ts';
import { clamp } from './scaler.ts';

const MEMORY_STEPS = 3_000;
/** Trust rises from 0 to 1 between these slopes: at ½ a forecast errs as much as the naive one. */
const SLOPE_LEAST = 0.4;
const SLOPE_FULL = 0.7;
/** … and between these numbers of standard errors that the slope is above 0. */
const EVIDENCE_LEAST = 2;
const EVIDENCE_FULL = 3;
/** Bound on a move, in typical errors of the naive forecast. */
const MOVE_MAX = 30;

/**
 * How far a forecast may leave the naive one, per lead: the slope of what came, y − n, on what was
 * told, m − n, over the delayed past, and how sure that slope is. On a random walk nothing that is
 * told comes true, and trust stays at 0.
 */
export class Trust {
  /** [horizon]: sums of told × came, told², came², 1 */
  readonly #product: Float64Array;
  readonly #told: Float64Array;
  readonly #came: Float64Array;
  readonly #count: Float64Array;

  constructor(horizon: number) {
    this.#product = new Float64Array(horizon);
    this.#told = new Float64Array(horizon);
    this.#came = new Float64Array(horizon);
    this.#count = new Float64Array(horizon);
  }

  /** In [0, 1]; lead is 0-based. */
  of(lead: number): number {
    const told = this.#told[lead]!;
    const slope = this.#product[lead]! / told;
    if (!(slope > SLOPE_LEAST)) return 0;
    const rest = Math.max(0, this.#came[lead]! - slope * this.#product[lead]!);
    // Errors of longer leads overlap, and so tell less each.
    const squared = (rest * (lead + 1)) / (Math.max(1, this.#count[lead]! - 1) * told);
    return (
      rise(slope, SLOPE_LEAST, SLOPE_FULL) *
      rise(slope / Math.sqrt(squared), EVIDENCE_LEAST, EVIDENCE_FULL)
    );
  }

  /**
   * @param told forecast − naive forecast
   * @param came actual − naive forecast
   * @param scale typical error of the naive forecast, above 0
   */
  learn(lead: number, told: number, came: number, scale: number): void {
    const x = clamp(told / scale, MOVE_MAX);
    const y = clamp(came / scale, MOVE_MAX);
    const keep = 1 - 1 / MEMORY_STEPS;
    this.#product[lead] = this.#product[lead]! * keep + x * y;
    this.#told[lead] = this.#told[lead]! * keep + x * x;
    this.#came[lead] = this.#came[lead]! * keep + y * y;
    this.#count[lead] = this.#count[lead]! * keep + 1;
  }

  save(out: ByteWriter): void {
    out.numbers(this.#product).numbers(this.#told).numbers(this.#came).numbers(this.#count);
  }

  load(from: ByteReader): void {
    from.numbers(this.#product, 'trust');
    from.numbers(this.#told, 'trust');
    from.numbers(this.#came, 'trust');
    from.numbers(this.#count, 'trust');
  }
}

/** 0 up to `least`, 1 from `full` on, a line between. */
function rise(value: number, least: number, full: number): number {
  return Math.max(0, Math.min(1, (value - least) / (full - least)));
}
