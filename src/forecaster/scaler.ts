/**
 * Online scaling. Everything is measured in mean absolute deviations: no squares, so values of
 * 1e-100 and of 1e100 neither vanish nor overflow, and one outlier cannot pass for the scale.
 */
import type { ByteReader, ByteWriter } from '../store/bytes.ts';

/** Standard deviation ÷ mean absolute deviation, and ÷ median absolute deviation (Gaussian). */
const SD_PER_MEAN_DEVIATION = 1.2533;
const SD_PER_MEDIAN_DEVIATION = 1.4826;
/** One value counts at most as this many times the present scale. */
const INFLUENCE_MAX = 20;

/** Bounded by ±`limit`; NaN stays NaN. */
export function clamp(value: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, value));
}

/** Lead by lead, the mean absolute size of something: a plain mean at first, then exponential. */
export class MeanSize {
  readonly #mean: Float64Array;
  readonly #count: Float64Array;
  readonly #memorySteps: number;

  constructor(leads: number, memorySteps: number) {
    this.#mean = new Float64Array(leads);
    this.#count = new Float64Array(leads);
    this.#memorySteps = memorySteps;
  }

  /** Values seen, at most `memorySteps`. */
  count(index: number): number {
    return this.#count[index]!;
  }

  mean(index: number): number {
    return this.#mean[index]!;
  }

  /** The standard deviation that a Gaussian of this mean size has. */
  deviation(index: number): number {
    return this.#mean[index]! * SD_PER_MEAN_DEVIATION;
  }

  add(index: number, value: number): void {
    const count = Math.min(this.#count[index]! + 1, this.#memorySteps);
    const mean = this.#mean[index]!;
    const size = Math.abs(value);
    // A mean of zero bounds nothing: the first move after a constant stretch is taken as it is.
    const limited = mean > 0 ? Math.min(size, mean * INFLUENCE_MAX) : size;
    this.#count[index] = count;
    this.#mean[index] = mean + (limited - mean) / count;
  }

  /** What was seen counts as `steps` values at most: the newer ones weigh the more. */
  forget(index: number, steps: number): void {
    this.#count[index] = Math.min(this.#count[index]!, steps);
  }

  save(out: ByteWriter): void {
    out.numbers(this.#mean).numbers(this.#count);
  }

  load(from: ByteReader): void {
    from.numbers(this.#mean, 'scale');
    from.numbers(this.#count, 'scale count');
  }
}

/** Values that open the scale by their median and median absolute deviation. */
const WARM_UP = 32;
/** Outside this many scales a value pulls no harder; so many in a row mean a new level. */
const OUTSIDE = 6;
const OUTSIDE_IN_A_ROW = 16;

/** The level and spread of one series, as a network wants its inputs: about −3…3. */
export class Scaler {
  readonly #memorySteps: number;
  readonly #recent = new Float64Array(WARM_UP);
  #seen = 0;
  #count = 0;
  #outside = 0;
  #center = 0;
  #scale = 0;

  constructor(memorySteps: number) {
    this.#memorySteps = Math.max(WARM_UP, memorySteps);
  }

  get center(): number {
    return this.#center;
  }

  /** About one standard deviation; 0 while every value was the same. */
  get scale(): number {
    return this.#scale;
  }

  add(value: number): void {
    this.#recent[this.#seen % WARM_UP] = value;
    this.#seen++;
    if (this.#count < WARM_UP) {
      this.#count++;
      this.#fromRecent(this.#count);
      return;
    }
    this.#count = Math.min(this.#count + 1, this.#memorySteps);
    const limit = OUTSIDE * this.#scale;
    const deviation = value - this.#center;
    this.#outside = Math.abs(deviation) > limit ? this.#outside + 1 : 0;
    if (this.#outside >= OUTSIDE_IN_A_ROW) {
      this.#outside = 0;
      this.#count = OUTSIDE_IN_A_ROW;
      this.#fromRecent(OUTSIDE_IN_A_ROW);
      return;
    }
    const limited = clamp(deviation, limit);
    this.#center += limited / this.#count;
    this.#scale += (Math.abs(limited) * SD_PER_MEAN_DEVIATION - this.#scale) / this.#count;
  }

  /** Scaled and bounded by ±`limit`; 0 for the center, whatever the scale. */
  scaled(value: number, limit: number): number {
    const deviation = value - this.#center;
    return deviation === 0 ? 0 : clamp(deviation / this.#scale, limit);
  }

  /** Median and median absolute deviation of the newest `count` values. */
  #fromRecent(count: number): void {
    const values = new Float64Array(count);
    for (let i = 0; i < count; i++) values[i] = this.#recent[(this.#seen - 1 - i) % WARM_UP]!;
    this.#center = median(values);
    let sum = 0;
    for (let i = 0; i < count; i++) {
      values[i] = Math.abs(values[i]! - this.#center);
      sum += values[i]! / count;
    }
    // Zero when most values are equal: the mean then still tells of the others.
    const robust = median(values) * SD_PER_MEDIAN_DEVIATION;
    this.#scale = robust > 0 ? robust : sum * SD_PER_MEAN_DEVIATION;
  }

  save(out: ByteWriter): void {
    out.number(this.#seen).number(this.#count).number(this.#outside);
    out.number(this.#center).number(this.#scale).numbers(this.#recent);
  }

  load(from: ByteReader): void {
    this.#seen = from.number();
    this.#count = from.number();
    this.#outside = from.number();
    this.#center = from.number();
    this.#scale = from.number();
    from.numbers(this.#recent, 'scaler');
  }
}

/** Sorts `values` in place. */
function median(values: Float64Array): number {
  values.sort();
  const half = values.length >> 1;
  return values.length % 2 === 1 ? values[half]! : values[half - 1]! / 2 + values[half]! / 2;
}
