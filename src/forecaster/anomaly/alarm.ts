import type { ByteReader, ByteWriter } from '../../store/bytes.ts';

/** A local record is higher than everything in so many steps before. */
const RECORD_STEPS = 24;
/** Steps of silence after an alarm: a share of the series' length, within bounds. */
const SILENCE_SHARE = 0.075;
const SILENCE_STEPS_MIN = 20;
const SILENCE_STEPS_MAX = 400;
/** What is so many times higher than the last alarm is told at once. */
const HIGHER = 1.175;

/** Of a score at every step, what is worth telling: one number an event, 0 for the rest. */
export class Alarm {
  readonly #recent = new Float64Array(RECORD_STEPS);
  #steps = 0;
  #since = Number.POSITIVE_INFINITY;
  #height = 0;

  /** @param score in [0, 1]. @returns it, or 0 */
  add(score: number): number {
    const record = score > 0 && this.#recent.every((earlier) => earlier < score);
    this.#recent[this.#steps % RECORD_STEPS] = score;
    const share = SILENCE_SHARE * this.#steps;
    const silence = Math.max(SILENCE_STEPS_MIN, Math.min(SILENCE_STEPS_MAX, share));
    this.#steps++;
    this.#since++;
    if (!record) return 0;
    if (this.#since < silence && score < HIGHER * this.#height) return 0;
    this.#since = 0;
    this.#height = score;
    return score;
  }

  save(out: ByteWriter): void {
    out.number(this.#steps).number(this.#since).number(this.#height).numbers(this.#recent);
  }

  load(from: ByteReader): void {
    this.#steps = from.number();
    this.#since = from.number();
    this.#height = from.number();
    from.numbers(this.#recent, 'recent scores');
  }
}
