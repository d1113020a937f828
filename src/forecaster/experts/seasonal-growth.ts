import type { Expert, History } from './expert.ts';
import { seasonalValue } from './seasonal-naive.ts';

/** A season that differs by more is no growth: the means are too near to zero. */
const GROWTH_MAX = 1.5;

/**
 * The value of the same phase one season before the target, moved by how this season differs from
 * the last: by the difference of means (`shift`) or by their ratio (`growth`, positive series).
 */
export class SeasonalGrowth implements Expert {
  readonly name: string;
  readonly historySteps: number;
  readonly #seasonSteps: number;
  readonly #ratio: boolean;
  readonly #meanSteps: number;

  /** @param meanSteps newest steps that are compared with those one season before */
  constructor(seasonSteps: number, meanSteps: number, ratio: boolean) {
    this.name = `seasonal_${ratio ? 'growth' : 'shift'}_${seasonSteps}_${meanSteps}`;
    this.historySteps = 3 * seasonSteps + meanSteps;
    this.#seasonSteps = seasonSteps;
    this.#meanSteps = meanSteps;
    this.#ratio = ratio;
  }

  learn(): void {}

  forecast(history: History, out: Float64Array): void {
    let now = 0;
    let before = 0;
    let count = 0;
    let positive = true;
    for (let i = 0; i < this.#meanSteps; i++) {
      const value = history.at(i);
      const earlier = history.at(i + this.#seasonSteps);
      if (Number.isNaN(value - earlier)) continue;
      positive = positive && value > 0 && earlier > 0;
      now += value;
      before += earlier;
      count++;
    }
    const growth = now / before;
    const credible = positive && growth < GROWTH_MAX && growth > 1 / GROWTH_MAX;
    if (count === 0 || (this.#ratio && !credible)) {
      out.fill(Number.NaN);
      return;
    }
    for (let i = 0; i < out.length; i++) {
      const seasons = Math.ceil((i + 1) / this.#seasonSteps);
      const value = seasonalValue(history, this.#seasonSteps, i + 1);
      out[i] = this.#ratio ? value * growth ** seasons : value + ((now - before) / count) * seasons;
    }
  }

  restart(): void {}

  save(): Uint8Array {
    return new Uint8Array(0);
  }

  load(): void {}
}
