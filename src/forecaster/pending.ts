import type { ByteReader, ByteWriter } from '../store/bytes.ts';

/**
 * Forecasts waiting for their targets. Lead h needs what was issued in the last h steps and no
 * more, so it has a ring of h rows; what falls due is read just before it is overwritten.
 *
 *     lead 1  [·]
 *     lead 2  [· ·]              row of lead h at step n: h (h − 1) / 2 + n mod h
 *     lead 3  [· · ·]            size: horizon (horizon + 1) / 2 rows of `lanes` numbers
 */
export class Pending {
  readonly lanes: number;
  /** [rows][lanes] */
  readonly values: Float64Array;
  #step = 0;

  constructor(horizon: number, lanes: number) {
    this.lanes = lanes;
    this.values = new Float64Array(((horizon * (horizon + 1)) / 2) * lanes).fill(Number.NaN);
  }

  /** Steps since the start or the last restart, this one not included. */
  get step(): number {
    return this.#step;
  }

  /** Where in `values` the row of a lead (1-based) lies: due now, and free after that. */
  offset(lead: number): number {
    return ((lead * (lead - 1)) / 2 + (this.#step % lead)) * this.lanes;
  }

  /** The same of what was issued last. */
  newest(lead: number): number {
    return ((lead * (lead - 1)) / 2 + (Math.max(0, this.#step - 1) % lead)) * this.lanes;
  }

  next(): void {
    this.#step++;
  }

  clear(): void {
    this.values.fill(Number.NaN);
    this.#step = 0;
  }

  save(out: ByteWriter): void {
    out.number(this.#step).numbers(this.values);
  }

  load(from: ByteReader): void {
    this.#step = from.number();
    from.numbers(this.values, 'pending forecasts');
  }
}
