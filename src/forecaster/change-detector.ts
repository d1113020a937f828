/**
 * Tells when the errors of a forecaster change for good, in size or in bias.
 *
 *     m = mean |e| lately;   u = min(|e| / m, 4)  or  clamp(e / m, ±3)      bounded: heavy tails
 *     v = (u − mean u) / deviation of u                                      in its own units
 *     g⁺ ← max(0, g⁺ + v − δ),   g⁻ ← max(0, g⁻ − v − δ)                     Page–Hinkley
 *     a change when g > h ρ
 *
 * E. Page: Continuous inspection schemes. Biometrika 41, 1954. D. Hinkley: Inference about the
 * change-point from cumulative sum tests. Biometrika 58, 1971.
 * ρ ≥ 1 is the long-run variance of v, from its exponential mean: errors that come in clusters, or
 * are larger every noon, add up without any change, and a cumulative sum's threshold grows with it.
 */
import type { ByteReader, ByteWriter } from '../store/bytes.ts';
import { clamp, MeanSize } from './scaler.ts';

/** How the errors have changed: larger or smaller, or on average now above or below the forecast. */
export const CHANGE_KINDS = ['larger', 'smaller', 'above', 'below'] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

export interface Change {
  readonly kind: ChangeKind;
  /** In (0, 1]: 1 for a shift of three deviations or more. */
  readonly strength: number;
}

const SIZE_MAX = 4;
const BIAS_MAX = 3;
/** A step counts at most so many deviations: no one outlier is a change, nor are two. */
const STEP_MAX = 4;
/** δ: shifts below a quarter of a deviation are none. */
const SLACK = 0.25;
/** h */
const THRESHOLD = 18;
/** Shift of full strength, in deviations. */
const SHIFT_FULL = 3;
/** Memory of what is usual; after a change it begins at `KNOWN_AFTER`. */
const MEMORY_STEPS = 1_000;
const KNOWN_AFTER = 30;
/** Silent until so many errors are known, at first and after a change. */
const WARM_UP_STEPS = 200;
const QUIET_STEPS = 100;
const AVERAGE_STEPS = 48;
/** Variance of an exponential mean over so many independent numbers of variance 1. */
const AVERAGE_VARIANCE = 1 / (2 * AVERAGE_STEPS - 1);
/** A square of the mean counts as so many usual ones at most, or a change would hide itself. */
const AVERAGE_GROWTH = 9;
/** Deviations of u below are a constant's. */
const DEVIATION_MIN = 0.05;

export class ChangeDetector {
  readonly #scale = new MeanSize(1, MEMORY_STEPS);
  readonly #size = new Cusum();
  readonly #bias = new Cusum();
  #quiet = WARM_UP_STEPS;

  /**
   * @param error actual − forecast, one step ahead
   * @returns what has changed, at the step where it is sure
   */
  add(error: number): Change | undefined {
    this.#scale.add(0, error);
    const scale = this.#scale.mean(0);
    const ratio = error === 0 ? 0 : error / scale;
    const quiet = this.#quiet > 0;
    if (quiet) this.#quiet--;
    const size = this.#size.add(Math.min(Math.abs(ratio), SIZE_MAX), quiet);
    const bias = this.#bias.add(clamp(ratio, BIAS_MAX), quiet);
    if (size === 0 && bias === 0) return undefined;
    this.#anew();
    const shift = Math.abs(size) >= Math.abs(bias) ? size : bias;
    return { kind: kindOf(size, bias), strength: Math.min(1, Math.abs(shift) / SHIFT_FULL) };
  }

  /** What was usual is so no more. */
  #anew(): void {
    this.#quiet = QUIET_STEPS;
    this.#scale.forget(0, KNOWN_AFTER);
    this.#size.anew();
    this.#bias.anew();
  }

  save(out: ByteWriter): void {
    out.number(this.#quiet);
    this.#scale.save(out);
    this.#size.save(out);
    this.#bias.save(out);
  }

  load(from: ByteReader): void {
    this.#quiet = from.number();
    this.#scale.load(from);
    this.#size.load(from);
    this.#bias.load(from);
  }
}

function kindOf(size: number, bias: number): ChangeKind {
  if (Math.abs(size) >= Math.abs(bias)) return size > 0 ? 'larger' : 'smaller';
  return bias > 0 ? 'above' : 'below';
}

/** Two cumulative sums, upwards and downwards, of one number in its own usual deviations. */
class Cusum {
  #count = 0;
  #mean = 0;
  #variance = 0;
  #average = 0;
  #averageVariance = 0;
  #up = 0;
  #upSteps = 0;
  #down = 0;
  #downSteps = 0;

  /** @returns the mean shift in deviations, signed; 0: no change */
  add(value: number, quiet: boolean): number {
    const deviation = Math.max(Math.sqrt(this.#variance), DEVIATION_MIN);
    const v = this.#count === 0 ? 0 : clamp((value - this.#mean) / deviation, STEP_MAX);
    this.#learn(value, v);
    if (quiet) return 0;
    this.#up = Math.max(0, this.#up + v - SLACK);
    this.#down = Math.max(0, this.#down - v - SLACK);
    this.#upSteps = this.#up > 0 ? this.#upSteps + 1 : 0;
    this.#downSteps = this.#down > 0 ? this.#downSteps + 1 : 0;
    const threshold = THRESHOLD * this.#clustering();
    if (this.#up > threshold) return this.#up / this.#upSteps + SLACK;
    if (this.#down > threshold) return -(this.#down / this.#downSteps + SLACK);
    return 0;
  }

  #learn(value: number, v: number): void {
    this.#count = Math.min(this.#count + 1, MEMORY_STEPS);
    const apart = value - this.#mean;
    this.#mean += apart / this.#count;
    this.#variance += (apart * (value - this.#mean) - this.#variance) / this.#count;
    this.#average += (v - this.#average) / AVERAGE_STEPS;
    const bound = AVERAGE_GROWTH * Math.max(this.#averageVariance, AVERAGE_VARIANCE);
    const square = Math.min(this.#average ** 2, bound);
    this.#averageVariance += (square - this.#averageVariance) / this.#count;
  }

  /** ρ */
  #clustering(): number {
    return Math.max(1, this.#averageVariance / AVERAGE_VARIANCE);
  }

  anew(): void {
    this.#count = Math.min(this.#count, KNOWN_AFTER);
    this.#up = 0;
    this.#down = 0;
    this.#upSteps = 0;
    this.#downSteps = 0;
  }

  save(out: ByteWriter): void {
    out.number(this.#count).number(this.#mean).number(this.#variance);
    out.number(this.#average).number(this.#averageVariance);
    out.number(this.#up).number(this.#upSteps).number(this.#down).number(this.#downSteps);
  }

  load(from: ByteReader): void {
    this.#count = from.number();
    this.#mean = from.number();
    this.#variance = from.number();
    this.#average = from.number();
    this.#averageVariance = from.number();
    this.#up = from.number();
    this.#upSteps = from.number();
    this.#down = from.number();
    this.#downSteps = from.number();
  }
}
