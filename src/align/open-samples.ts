import type { ByteReader, ByteWriter } from '../store/bytes.ts';

/** More than this many samples in open steps: those of the oldest step are folded together. */
export const OPEN_MAX = 65_536;
const INITIAL_CAPACITY = 4;

/**
 * Samples whose steps are still open, in the order of their times, so that what comes of a step does
 * not depend on the order of arrival.
 */
export class OpenSamples {
  #timeMs = new Float64Array(INITIAL_CAPACITY);
  #value = new Float64Array(INITIAL_CAPACITY);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  timeMs(i: number): number {
    return this.#timeMs[i]!;
  }

  value(i: number): number {
    return this.#value[i]!;
  }

  has(timeMs: number): boolean {
    const at = this.#find(timeMs);
    return at < this.#count && this.#timeMs[at] === timeMs;
  }

  /** @returns false, and nothing changes, where there is none of that time */
  replace(timeMs: number, value: number): boolean {
    if (!this.has(timeMs)) return false;
    this.#value[this.#find(timeMs)] = value;
    return true;
  }

  add(timeMs: number, value: number): void {
    if (this.#count === this.#timeMs.length) this.#grow();
    const at = this.#find(timeMs);
    this.#timeMs.copyWithin(at + 1, at, this.#count);
    this.#value.copyWithin(at + 1, at, this.#count);
    this.#timeMs[at] = timeMs;
    this.#value[at] = value;
    this.#count++;
  }

  /** Forgets the first `count`. */
  drop(count: number): void {
    this.#timeMs.copyWithin(0, count, this.#count);
    this.#value.copyWithin(0, count, this.#count);
    this.#count -= count;
  }

  /** Forgets the newest one. */
  dropLast(): void {
    this.#count--;
  }

  save(out: ByteWriter): void {
    out.number(this.#count);
    for (let i = 0; i < this.#count; i++) out.number(this.#timeMs[i]!).number(this.#value[i]!);
  }

  load(from: ByteReader): void {
    const count = from.number();
    this.#count = 0;
    for (let i = 0; i < count; i++) this.add(from.number(), from.number());
  }

  /** Index of the first sample that is not before `timeMs`; most samples come in order. */
  #find(timeMs: number): number {
    let low = 0;
    let high = this.#count;
    if (high === 0 || this.#timeMs[high - 1]! < timeMs) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#timeMs[middle]! < timeMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #grow(): void {
    const timeMs = new Float64Array(this.#timeMs.length * 2);
    const value = new Float64Array(timeMs.length);
    timeMs.set(this.#timeMs);
    value.set(this.#value);
    this.#timeMs = timeMs;
    this.#value = value;
  }
}
