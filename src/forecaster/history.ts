import type { ByteReader, ByteWriter } from '../store/bytes.ts';
import type { History } from './experts/expert.ts';

/** The newest steps of one series in a ring; gaps are NaN. */
export class HistoryRing implements History {
  readonly companions: Float64Array;
  readonly ahead: Float64Array;
  readonly ring: Float64Array;
  /** Place of the newest value. */
  #newest = -1;
  #steps = 0;
  #last = Number.NaN;
  #age = 0;
  #timeMs = Number.NaN;

  /**
   * @param capacity steps kept
   * @param companions other values that come with each step
   * @param ahead values of covariates known ahead that come with each step
   */
  constructor(capacity: number, companions = 0, ahead = 0) {
    this.ahead = new Float64Array(ahead).fill(Number.NaN);
    this.companions = new Float64Array(companions).fill(Number.NaN);
    this.ring = new Float64Array(Math.max(1, capacity));
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
    if (back < 0 || back >= this.#steps || back >= this.ring.length) return Number.NaN;
    return this.ring[this.place(back)]!;
  }

  place(back: number): number {
    const place = this.#newest - back;
    return place < 0 ? place + this.ring.length : place;
  }

  /** @param value NaN for a gap */
  push(timeMs: number, value: number): void {
    this.#newest = this.#newest + 1 === this.ring.length ? 0 : this.#newest + 1;
    this.ring[this.#newest] = value;
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
    this.#newest = -1;
    this.#steps = 0;
    this.#last = Number.NaN;
    this.#age = 0;
    this.#timeMs = Number.NaN;
  }

  save(out: ByteWriter): void {
    const kept = Math.min(this.#steps, this.ring.length);
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
    const values = new Float64Array(Math.min(this.#steps, this.ring.length));
    from.numbers(values, 'history');
    this.ring.set(values);
    this.#newest = values.length - 1;
  }
}
