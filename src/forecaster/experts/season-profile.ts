import type { ByteReader, ByteWriter } from '../../store/bytes.ts';

/** Seasons that the mean of a phase remembers. */
const MEMORY_SEASONS = 14;

/** The mean of each phase of a season, lately: a plain mean at first, then exponential. */
export class SeasonProfile {
  readonly #mean: Float64Array;
  readonly #count: Float64Array;

  constructor(seasonSteps: number) {
    this.#mean = new Float64Array(seasonSteps);
    this.#count = new Float64Array(seasonSteps);
  }

  add(phase: number, value: number): void {
    const count = Math.min(this.#count[phase]! + 1, MEMORY_SEASONS);
    this.#count[phase] = count;
    this.#mean[phase]! += (value - this.#mean[phase]!) / count;
  }

  /** Mean at phase `to` relative to phase `from`; 0 while one of them has not been seen. */
  rise(from: number, to: number): number {
    if (this.#count[from] === 0 || this.#count[to] === 0) return 0;
    return this.#mean[to]! - this.#mean[from]!;
  }

  /** A value's distance from the mean of its phase. */
  deviation(phase: number, value: number): number {
    return this.#count[phase] === 0 ? 0 : value - this.#mean[phase]!;
  }

  save(out: ByteWriter): void {
    out.numbers(this.#mean).numbers(this.#count);
  }

  load(from: ByteReader): void {
    from.numbers(this.#mean, 'season profile');
    from.numbers(this.#count, 'season profile count');
  }
}
