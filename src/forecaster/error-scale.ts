import type { ByteReader, ByteWriter } from '../store/bytes.ts';
import { clamp } from './scaler.ts';

const MEMORY_STEPS = 1_000;
/** One error counts at most as so many typical ones. */
const INFLUENCE_MAX = 30;

/**
 * Lead by lead, the root mean square of the naive forecast's errors: the unit that the combination
 * measures in. Of squares, because where errors are rare and large their mean says nothing of them.
 */
export class ErrorScale {
  readonly #scale: Float64Array;
  readonly #count: Float64Array;

  constructor(horizon: number) {
    this.#scale = new Float64Array(horizon);
    this.#count = new Float64Array(horizon);
  }

  /** 0 while there was no error. */
  of(lead: number): number {
    return this.#scale[lead]!;
  }

  add(lead: number, error: number): void {
    const count = Math.min(this.#count[lead]! + 1, MEMORY_STEPS);
    this.#count[lead] = count;
    const scale = this.#scale[lead]!;
    if (scale > 0) {
      // As ratios: squares of the values themselves may overflow or vanish.
      const ratio = clamp(error / scale, INFLUENCE_MAX);
      this.#scale[lead] = scale * Math.sqrt(1 + (ratio * ratio - 1) / count);
    } else {
      this.#scale[lead] = Math.abs(error) / Math.sqrt(count);
    }
  }

  save(out: ByteWriter): void {
    out.numbers(this.#scale).numbers(this.#count);
  }

  load(from: ByteReader): void {
    from.numbers(this.#scale, 'error scale');
    from.numbers(this.#count, 'error scale count');
  }
}
