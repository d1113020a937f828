import type { ByteReader, ByteWriter } from '../store/bytes.ts';

/** Values beyond count as missing: twice as large a difference must still be a number. */
export const VALUE_MAX = 1e100;
/** The range shrinks towards the values by 1 / this a step: an outlier of old widens it no more. */
const MEMORY_STEPS = 20_000;
/** How far beyond the range a forecast may lie, in ranges. */
const BEYOND = 1;
/** Of the values themselves: rounding. */
const ROUNDING = 1e-9;

/** The range of a series' values: what lies far outside is no forecast of it. */
export class Credible {
  #low = Number.POSITIVE_INFINITY;
  #high = Number.NEGATIVE_INFINITY;
  /** How far a forecast may go. */
  #least = Number.NEGATIVE_INFINITY;
  #most = Number.POSITIVE_INFINITY;
  readonly #isLogarithmic: boolean;

  /** @param isLogarithmic the values are logarithms: what is far is judged of what they stand for */
  constructor(isLogarithmic = false) {
    this.#isLogarithmic = isLogarithmic;
  }

  add(value: number): void {
    this.#low = value < this.#low ? value : this.#low + (value - this.#low) / MEMORY_STEPS;
    this.#high = value > this.#high ? value : this.#high + (value - this.#high) / MEMORY_STEPS;
    this.#setLimits();
  }

  #setLimits(): void {
    const size = Math.max(Math.abs(this.#low), Math.abs(this.#high));
    const reach = BEYOND * (this.#high - this.#low) + ROUNDING * size;
    this.#least = this.#low - reach;
    // Of logarithms ln(high + (high − low)) of the values themselves: a factor of two at most.
    this.#most = this.#isLogarithmic
      ? this.#high + Math.log(1 + BEYOND * -Math.expm1(this.#low - this.#high)) + ROUNDING * size
      : this.#high + reach;
  }

  /** True before the first value, and on the range's very edge. */
  has(forecast: number): boolean {
    return forecast >= this.#least && forecast <= this.#most;
  }

  save(out: ByteWriter): void {
    out.number(this.#low).number(this.#high);
  }

  load(from: ByteReader): void {
    this.#low = from.number();
    this.#high = from.number();
    if (this.#low <= this.#high) this.#setLimits();
  }
}
