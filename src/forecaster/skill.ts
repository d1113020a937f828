import type { ByteReader, ByteWriter } from '../store/bytes.ts';

const MEMORY_STEPS = 1_000;
/** Below this the number says nothing more. */
const SKILL_LEAST = -10;

/** Lead by lead: 1 − mean |error| ÷ mean |naive error|, lately. */
export class Skill {
  readonly #error: Float64Array;
  readonly #naive: Float64Array;
  readonly #count: Float64Array;

  constructor(horizon: number) {
    this.#error = new Float64Array(horizon);
    this.#naive = new Float64Array(horizon);
    this.#count = new Float64Array(horizon);
  }

  add(lead: number, error: number, naiveError: number): void {
    const count = Math.min(this.#count[lead]! + 1, MEMORY_STEPS);
    this.#count[lead] = count;
    this.#error[lead]! += (Math.abs(error) - this.#error[lead]!) / count;
    this.#naive[lead]! += (Math.abs(naiveError) - this.#naive[lead]!) / count;
  }

  /** In [−10, 1]: above 0 is better than the last value; 0 where neither ever erred. */
  skill(lead: number): number {
    const error = this.#error[lead]!;
    const naive = this.#naive[lead]!;
    if (error === naive) return 0;
    return naive > 0 ? Math.max(SKILL_LEAST, 1 - error / naive) : SKILL_LEAST;
  }

  /** Errors that the means count. */
  count(lead: number): number {
    return this.#count[lead]!;
  }

  save(out: ByteWriter): void {
    out.numbers(this.#error).numbers(this.#naive).numbers(this.#count);
  }

  load(from: ByteReader): void {
    from.numbers(this.#error, 'errors');
    from.numbers(this.#naive, 'naive errors');
    from.numbers(this.#count, 'error count');
  }
}
