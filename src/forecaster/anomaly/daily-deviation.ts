import type { ByteReader, ByteWriter } from '../../store/bytes.ts';
import { clamp, MeanSize } from '../scaler.ts';

const HOUR_MS = 3_600_000;
const HOURS = 24;
/** From this cadence up a day has no shape: one mean for all. */
const SHAPE_EVERY_MS_MAX = 12 * HOUR_MS;
/** Memory of an hour's mean; at least so many values. */
const MEMORY_DAYS = 60;
const MEMORY_VALUES_MIN = 100;
/** Bound on what a mean learns from, in usual deviations, once so many are known. */
const DEVIATION_MAX = 10;
const SIZE_KNOWN = 30;
const SIZE_STEPS = 500;
/** Steps that the mean deviation goes back. */
const WINDOW_STEPS = 96;

/** The deviation of a value from the mean at its hour of the day (UTC), and its mean over a while. */
export class DailyDeviation {
  readonly #memoryValues: number;
  /** [hours] */
  readonly #mean: Float64Array;
  readonly #count: Float64Array;
  readonly #size = new MeanSize(1, SIZE_STEPS);
  /** The last deviations in a ring, NaN where missing. */
  readonly #recent = new Float64Array(WINDOW_STEPS).fill(Number.NaN);
  #at = 0;
  #sum = 0;
  #known = 0;

  constructor(everyMs: number) {
    const hours = everyMs < SHAPE_EVERY_MS_MAX ? HOURS : 1;
    const daily = hours === 1 ? 1 : Math.max(1, HOUR_MS / everyMs);
    this.#memoryValues = Math.max(MEMORY_VALUES_MIN, Math.round(MEMORY_DAYS * daily));
    this.#mean = new Float64Array(hours);
    this.#count = new Float64Array(hours);
  }

  /** Mean of the deviations of the last steps; 0 where none is known. */
  get mean(): number {
    return this.#known > 0 ? this.#sum / this.#known : 0;
  }

  /**
   * The deviation from the mean of the values before; 0 for the first of its hour.
   * @param value NaN for a gap
   */
  add(timeMs: number, value: number): number {
    const deviation = Number.isNaN(value) ? value : this.#learn(this.#hour(timeMs), value);
    this.#remember(deviation);
    return deviation;
  }

  #learn(hour: number, value: number): number {
    const isFirst = this.#count[hour] === 0;
    const deviation = isFirst ? 0 : value - this.#mean[hour]!;
    this.#count[hour] = Math.min(this.#count[hour]! + 1, this.#memoryValues);
    this.#mean[hour]! += isFirst ? value : this.#bounded(deviation) / this.#count[hour]!;
    return deviation;
  }

  /** One fault must not stay in a mean for months: it counts as some usual deviations. */
  #bounded(deviation: number): number {
    const size = this.#size.mean(0);
    const isKnown = this.#size.count(0) >= SIZE_KNOWN && size > 0;
    this.#size.add(0, deviation);
    return isKnown ? clamp(deviation / size, DEVIATION_MAX) * size : deviation;
  }

  /** Before 1970 too. */
  #hour(timeMs: number): number {
    const hours = this.#mean.length;
    return ((Math.floor(timeMs / HOUR_MS) % hours) + hours) % hours;
  }

  #remember(deviation: number): void {
    const old = this.#recent[this.#at]!;
    this.#recent[this.#at] = deviation;
    this.#at = (this.#at + 1) % WINDOW_STEPS;
    if (!Number.isNaN(old)) {
      this.#sum -= old;
      this.#known--;
    }
    if (!Number.isNaN(deviation)) {
      this.#sum += deviation;
      this.#known++;
    }
    if (this.#at === 0) this.#sumAnew();
  }

  /** What rounding a large value has left behind goes. */
  #sumAnew(): void {
    this.#sum = 0;
    for (const deviation of this.#recent) if (!Number.isNaN(deviation)) this.#sum += deviation;
  }

  restart(): void {
    this.#recent.fill(Number.NaN);
    this.#sum = 0;
    this.#known = 0;
  }

  save(out: ByteWriter): void {
    this.#size.save(out);
    out.number(this.#at).number(this.#sum).number(this.#known);
    out.numbers(this.#mean).numbers(this.#count).numbers(this.#recent);
  }

  load(from: ByteReader): void {
    this.#size.load(from);
    this.#at = from.number();
    this.#sum = from.number();
    this.#known = from.number();
    from.numbers(this.#mean, 'hourly means');
    from.numbers(this.#count, 'hourly counts');
    from.numbers(this.#recent, 'recent deviations');
  }
}
