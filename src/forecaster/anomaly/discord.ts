/**
 * Left discord: how far the newest pattern is from the nearest earlier one. A pattern is the means
 * of `PATTERN` blocks of `BLOCK_STEPS` steps, block by block; patterns that overlap are not compared.
 * Two distances: of the values (`level`), and of what is left without the mean difference (`shape`).
 *
 * The search is bounded: the last `blocks` blocks, once a block.
 *
 * After the left matrix profile: Y. Lu, R. Wu, A. Mueen, M. Zuluaga, E. Keogh: DAMP. KDD 2022.
 */
import type { ByteReader, ByteWriter } from '../../store/bytes.ts';

const BLOCK_STEPS = 12;
const PATTERN = 8;
/** Fewer known values are no mean of a block. */
const KNOWN_MIN = 6;

export class Discord {
  /** Distances to the nearest earlier pattern; NaN where the newest has gaps, or none is earlier. */
  level = Number.NaN;
  shape = Number.NaN;
  /** Means of the blocks in a ring, NaN where missing, and the number of all of them. */
  readonly #blocks: Float64Array;
  readonly #newest = new Float64Array(PATTERN);
  readonly #apart = new Float64Array(PATTERN);
  #count = 0;
  #sum = 0;
  #known = 0;
  #steps = 0;

  /** @param blocks how many blocks are kept and searched */
  constructor(blocks: number) {
    this.#blocks = new Float64Array(blocks);
  }

  /**
   * @param value NaN for a gap
   * @returns whether a block has closed, and with it a pattern
   */
  add(value: number): boolean {
    this.#steps++;
    if (!Number.isNaN(value)) {
      this.#known++;
      this.#sum += (value - this.#sum) / this.#known;
    }
    if (this.#steps < BLOCK_STEPS) return false;
    this.#push(this.#known >= KNOWN_MIN ? this.#sum : Number.NaN);
    this.#search();
    return true;
  }

  /** No pattern reaches across the gap. */
  restart(): void {
    this.#push(Number.NaN);
    this.level = Number.NaN;
    this.shape = Number.NaN;
  }

  #push(mean: number): void {
    this.#blocks[this.#count % this.#blocks.length] = mean;
    this.#count++;
    this.#sum = 0;
    this.#known = 0;
    this.#steps = 0;
  }

  #search(): void {
    const { length } = this.#blocks;
    for (let i = 0; i < PATTERN; i++) {
      this.#newest[i] = this.#blocks[(this.#count - PATTERN + i + length) % length]!;
    }
    let level = Number.POSITIVE_INFINITY;
    let shape = Number.POSITIVE_INFINITY;
    const last = this.#count - 2 * PATTERN;
    for (let first = Math.max(0, this.#count - length); first <= last; first++) {
      const mean = this.#compare(first % length);
      let rest = 0;
      for (let i = 0; i < PATTERN; i++) {
        const apart = this.#apart[i]! - mean;
        rest += apart * apart;
      }
      // A pattern with gaps gives NaN, which is never less.
      const whole = rest + PATTERN * mean * mean;
      if (rest < shape) shape = rest;
      if (whole < level) level = whole;
    }
    const found = level < Number.POSITIVE_INFINITY;
    this.level = found ? Math.sqrt(level) : Number.NaN;
    this.shape = found ? Math.sqrt(shape) : Number.NaN;
  }

  /** Leaves newest − earlier in `apart`, and returns its mean. */
  #compare(at: number): number {
    const blocks = this.#blocks;
    let sum = 0;
    let j = at;
    for (let i = 0; i < PATTERN; i++) {
      const apart = this.#newest[i]! - blocks[j]!;
      this.#apart[i] = apart;
      sum += apart;
      if (++j === blocks.length) j = 0;
    }
    return sum / PATTERN;
  }

  save(out: ByteWriter): void {
    out.number(this.#count).number(this.#sum).number(this.#known).number(this.#steps);
    out.number(this.level).number(this.shape).numbers(this.#blocks);
  }

  load(from: ByteReader): void {
    this.#count = from.number();
    this.#sum = from.number();
    this.#known = from.number();
    this.#steps = from.number();
    this.level = from.number();
    this.shape = from.number();
    from.numbers(this.#blocks, 'blocks');
  }
}
