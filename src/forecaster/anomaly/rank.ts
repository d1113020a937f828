/**
 * How rare a number is in its own whole past, on a scale that is the same for every series:
 *
 *     rank(a) = −ln((#past ≥ a + 1) / (#past + 1)) / ln(max(#past, n₀) + 2)     in [0, 1)
 *
 * 0: nothing was ever smaller; towards 1: larger than everything in a long past. No distribution is
 * assumed, so heavy tails raise no alarms of their own. The past is counted in logarithmic bins,
 * eight to an octave around the median of the first numbers that were not 0, in a Fenwick tree: a step
 * costs the logarithm of the number of bins, and the memory does not grow.
 *
 * P. Fenwick: A new data structure for cumulative frequency tables. Software 24, 1994.
 */
import type { ByteReader, ByteWriter } from '../../store/bytes.ts';

const BINS_PER_OCTAVE = 8;
/** So many first numbers tell where the bins lie: one alone may be a fault. */
const FIRST_COUNT = 16;
/** Share of the bins below their median: small numbers need no telling apart. */
const BELOW_SHARE = 1 / 4;

export class Rank {
  /** Counts of the bins, summed as Fenwick says, from index 1. */
  readonly #tree: Uint32Array;
  readonly #past: number;
  #count = 0;
  #unit = 0;
  /** The first numbers, until there are enough. */
  #first: number[] = [];

  /**
   * @param bins memory, 4 bytes each
   * @param pastMin n₀: a past shorter than this cannot make anything rare
   */
  constructor(bins: number, pastMin: number) {
    this.#tree = new Uint32Array(bins + 1);
    this.#past = pastMin;
  }

  /**
   * The rank of a number, which then joins the past.
   * @param size ≥ 0, any unit; of infinite sizes only that they are large is known
   */
  add(size: number): number {
    if (this.#unit > 0 || !(size > 0)) return this.#add(size);
    const first = this.#first;
    const least = first.filter((early) => early >= size).length;
    const rank = this.#rarity(this.#count + first.length, least);
    first.push(size);
    if (first.length === FIRST_COUNT) {
      this.#unit = first.toSorted((a, b) => a - b)[FIRST_COUNT >> 1]!;
      for (const early of first.splice(0)) this.#add(early);
    }
    return rank;
  }

  #add(size: number): number {
    const bin = this.#bin(size);
    const tree = this.#tree;
    let below = 0;
    for (let i = bin; i > 0; i -= i & -i) below += tree[i]!;
    for (let i = bin + 1; i < tree.length; i += i & -i) tree[i]!++;
    const past = this.#count++;
    return this.#rarity(past, past - below);
  }

  /** @param least how many of the past are as large */
  #rarity(past: number, least: number): number {
    return Math.log((past + 1) / (least + 1)) / Math.log(Math.max(past, this.#past) + 2);
  }

  /** Bin 0 holds what is exactly 0. */
  #bin(size: number): number {
    if (!(size > 0)) return 0;
    const bins = this.#tree.length - 1;
    const octaves = Math.log2(size / this.#unit);
    const bin = Math.floor(octaves * BINS_PER_OCTAVE) + bins * BELOW_SHARE;
    return Math.max(1, Math.min(bins - 1, bin));
  }

  save(out: ByteWriter): void {
    out.number(this.#count).number(this.#unit).counts(this.#tree);
    out.number(this.#first.length);
    for (const size of this.#first) out.number(size);
  }

  load(from: ByteReader): void {
    this.#count = from.number();
    this.#unit = from.number();
    from.counts(this.#tree, 'ranks');
    this.#first = Array.from({ length: Math.min(from.number(), FIRST_COUNT) }, () => from.number());
  }
}
