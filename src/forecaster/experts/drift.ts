import { ByteReader, ByteWriter } from '../../store/bytes.ts';
import { MeanSize } from '../scaler.ts';
import type { Expert, History } from './expert.ts';

/** Steps that the mean change remembers. */
const MEMORY_STEPS = 500;
/** A change counts at most as so many typical ones: a jump is no trend. */
const CHANGE_MAX = 10;

/** The last value, and the mean change a step on top. */
export class Drift implements Expert {
  readonly name = 'drift';
  readonly historySteps = 2;
  readonly #size = new MeanSize(1, MEMORY_STEPS);
  #slope = 0;
  #count = 0;

  learn(history: History): void {
    const change = history.at(0) - history.at(1);
    if (Number.isNaN(change)) return;
    this.#size.add(0, change);
    const limit = CHANGE_MAX * this.#size.mean(0);
    this.#count = Math.min(this.#count + 1, MEMORY_STEPS);
    this.#slope += (Math.max(-limit, Math.min(limit, change)) - this.#slope) / this.#count;
  }

  forecast(history: History, out: Float64Array): void {
    if (this.#count < 2) {
      out.fill(Number.NaN);
      return;
    }
    for (let i = 0; i < out.length; i++) {
      out[i] = history.last + this.#slope * (history.age + i + 1);
    }
  }

  restart(): void {}

  save(): Uint8Array {
    const out = new ByteWriter().number(this.#slope).number(this.#count);
    this.#size.save(out);
    return out.finish();
  }

  load(bytes: Uint8Array): void {
    const from = new ByteReader(bytes);
    this.#slope = from.number();
    this.#count = from.number();
    this.#size.load(from);
    from.end();
  }
}
