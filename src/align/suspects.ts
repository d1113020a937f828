import type { ByteReader, ByteWriter } from '../store/bytes.ts';

/** So many samples that agree make a jump of the clock real. */
const WITNESSES = 3;

/**
 * Samples stamped far from where the series is. One is a wrong clock; several that agree are a
 * pause, or a clock set right. Until that is settled they are neither learned nor lost.
 */
export class Suspects {
  readonly #rangeMs: () => number;
  #held: { readonly timeMs: number; readonly value: number }[] = [];

  /** @param rangeMs how far apart samples may lie that agree */
  constructor(rangeMs: () => number) {
    this.#rangeMs = rangeMs;
  }

  get count(): number {
    return this.#held.length;
  }

  has(timeMs: number): boolean {
    return this.#held.some((sample) => sample.timeMs === timeMs);
  }

  /**
   * @returns how many earlier suspects this one contradicts: they are wrong
   */
  add(timeMs: number, value: number): number {
    const range = this.#rangeMs();
    const agrees = this.#held.every((sample) => Math.abs(sample.timeMs - timeMs) <= range);
    const wrong = agrees ? 0 : this.clear();
    this.#held.push({ timeMs, value });
    return wrong;
  }

  /** The samples in order of time once enough agree, and none are held any more. */
  confirmed(witnesses = WITNESSES): readonly { timeMs: number; value: number }[] | undefined {
    if (this.#held.length < witnesses) return undefined;
    const samples = this.#held.sort((a, b) => a.timeMs - b.timeMs);
    this.#held = [];
    return samples;
  }

  /** @returns how many there were */
  clear(): number {
    const count = this.#held.length;
    this.#held = [];
    return count;
  }

  save(out: ByteWriter): void {
    out.number(this.#held.length);
    for (const { timeMs, value } of this.#held) out.number(timeMs).number(value);
  }

  load(from: ByteReader): void {
    const count = from.number();
    this.#held = [];
    for (let i = 0; i < count; i++) {
      this.#held.push({ timeMs: from.number(), value: from.number() });
    }
  }
}
