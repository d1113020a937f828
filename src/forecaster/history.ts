import type { ByteReader, ByteWriter } from '../store/bytes.ts';
import type { History } from './experts/expert.ts';

/** The newest steps of one series in a ring; gaps are NaN. */
export class HistoryRing implements History {
  readonly companions: Float64Array;
  readonly ahead: Float64Array;
  readonly #values: Float64Array;
  readonly #mask: number;
  #steps = 0;
  #last = Number.NaN;
  #age = 0;
  #timeMs = Number.NaN;

  /**
   * @param capacity steps kept at least (rounded up to a power of two)
   * @param companions other values that come with each step
   * @param ahead values of covariates known ahead that come with each step
   */
  constructor(capacity: number, companions = 0, ahead = 0) {
    this.ahead = new Float64Array(ahead).fill(Number.NaN);
    this.companions = new Float64Array(companions).fill(Number.NaN);
    const size = 2 ** Math.ceil(Math.log2(Math.max(2, capacity)));
    this.#values = new Float64Array(size);
    this.#mask = size - 1;
  }

  get capacity(): number {
    return this.#values.length;
  }

  get steps(): number {
    return this.#steps;
  }

  get last(): number {
    return this.#last;
  }

  get age(): number {
    return this.#age;
  }

  get timeMs(): number {
    return this.#timeMs;
  }

  at(back: number): number {
    if (back < 0 || back >= this.#steps || back > this.#mask) return Number.NaN;
    return this.#values[(this.#steps - 1 - back) & this.#mask]!;
  }

  /** @param value NaN for a gap */
  push(timeMs: number, value: number): void {
    this.#values[this.#steps & this.#mask] = value;
    this.#steps++;
    this.#timeMs = timeMs;
    if (Number.isNaN(value)) {
      this.#age++;
    } else {
      this.#last = value;
      this.#age = 0;
    }
  }

  /** Forgets everything: after a long gap nothing is at its distance in steps any more. */
  clear(): void {
    this.#steps = 0;
    this.#last = Number.NaN;
    this.#age = 0;
    this.#timeMs = Number.NaN;
  }

  save(out: ByteWriter): void {
    const kept = Math.min(this.#steps, this.#values.length);
    const values = new Float64Array(kept);
    for (let i = 0; i < kept; i++) values[i] = this.at(kept - 1 - i);
    out.number(this.#steps).number(this.#last).number(this.#age).number(this.#timeMs);
    out.numbers(values);
  }

  load(from: ByteReader): void {
    this.#steps = from.number();
    this.#last = from.number();
    this.#age = from.number();
    this.#timeMs = from.number();
    const values = new Float64Array(Math.min(this.#steps, this.#values.length));
    from.numbers(values, 'history');
    for (let i = 0; i < values.length; i++) {
      this.#values[(this.#steps - values.length + i) & this.#mask] = values[i]!;
    }
  }
}
