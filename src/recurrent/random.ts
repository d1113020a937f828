/**
 * Seeded random numbers for initial weights: the same seed gives the same numbers on every machine,
 * since only 32-bit integer operations are used.
 *
 * Generator: xoshiro128** [1]; its 128 bits of state are filled from the seed by a SplitMix-like
 * mixer (the finaliser of MurmurHash3 over a Weyl sequence), as [1] advises, so that neighbouring
 * seeds have nothing in common.
 *
 * [1] D. Blackman, S. Vigna: Scrambled linear pseudorandom number generators. 2018.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** @param seed any finite number; its integer part up to 2^53 counts */
  constructor(seed: number) {
    if (!Number.isFinite(seed)) throw new Error(`seed must be a finite number, not ${seed}`);
    const whole = Math.trunc(seed);
    let weyl = whole >>> 0;
    const high = Math.floor(whole / 2 ** 32) >>> 0;
    const next = (): number => {
      weyl = (weyl + 0x9e3779b9) >>> 0;
      return mix(weyl ^ mix(high));
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    // A state of zeros alone would stay zero for ever.
    this.#d = next() | 1;
  }

  /** The next 32 bits, 0 ≤ value < 2^32. */
  bits(): number {
    const result = Math.imul(rotate(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = rotate(this.#d, 11);
    return result;
  }

  /** Uniform in [low, high), 53 random bits. */
  uniform(low: number, high: number): number {
    const upper = this.bits() >>> 5;
    const lower = this.bits() >>> 6;
    return low + (high - low) * ((upper * 2 ** 26 + lower) / 2 ** 53);
  }
}

function rotate(x: number, by: number): number {
  return (x << by) | (x >>> (32 - by));
}

/** A one-to-one scramble of 32 bits. */
function mix(x: number): number {
  let y = x;
  y = Math.imul(y ^ (y >>> 16), 0x85ebca6b);
  y = Math.imul(y ^ (y >>> 13), 0xc2b2ae35);
  return (y ^ (y >>> 16)) >>> 0;
}
