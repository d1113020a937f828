/** What is added up over the scored forecasts of one series. */
import type { LeadWeights, SeriesPoints } from '../store/points.ts';

/** Coverage is also looked at in blocks of so many steps: an average hides bad stretches. */
export const BLOCK_STEPS = 500;

export class BandSums {
  readonly coverage: number;
  inside = 0;
  width = 0;
  winkler = 0;
  pinball = 0;

  constructor(coverage: number) {
    this.coverage = coverage;
  }

  add(actual: number, lower: number, upper: number): boolean {
    const miss = 1 - this.coverage;
    const below = Math.max(0, lower - actual);
    const above = Math.max(0, actual - upper);
    const inside = below === 0 && above === 0;
    if (inside) this.inside++;
    this.width += upper - lower;
    // Interval score (Winkler 1972; Gneiting & Raftery 2007, eq. 43).
    this.winkler += upper - lower + (2 / miss) * (below + above);
    this.pinball += pinball(actual, lower, miss / 2) + pinball(actual, upper, 1 - miss / 2);
    return inside;
  }
}

/** All of one lead. */
export class LeadSums {
  readonly lead: number;
  count = 0;
  squared = 0;
  absolute = 0;
  symmetric = 0;
  lastSquared = 0;
  lastAbsolute = 0;
  /** Where the seasonal naive has a value; `paired`: our own absolute errors there. */
  seasonalCount = 0;
  seasonalSquared = 0;
  seasonalAbsolute = 0;
  paired = 0;
  /** Widest first. */
  readonly bands: BandSums[];
  /** Lowest and highest coverage of the widest interval in whole blocks. */
  blockMin = Number.NaN;
  blockMax = Number.NaN;
  readonly #block = { index: -1, count: 0, inside: 0 };

  constructor(lead: number, coverage: number) {
    this.lead = lead;
    this.bands = [new BandSums(coverage)];
  }

  /** @param seasonalNaive NaN where it has no value */
  add(actual: number, mean: number, lastValue: number, seasonalNaive: number): void {
    const error = mean - actual;
    const size = Math.abs(actual) + Math.abs(mean);
    const lastError = lastValue - actual;
    this.count++;
    this.squared += error * error;
    this.absolute += Math.abs(error);
    this.symmetric += size > 0 ? (2 * Math.abs(error)) / size : 0;
    this.lastSquared += lastError * lastError;
    this.lastAbsolute += Math.abs(lastError);
    if (Number.isNaN(seasonalNaive)) return;
    const seasonalError = seasonalNaive - actual;
    this.seasonalCount++;
    this.seasonalSquared += seasonalError * seasonalError;
    this.seasonalAbsolute += Math.abs(seasonalError);
    this.paired += Math.abs(error);
  }

  /** @param place steps since the first scored one */
  addIntervals(actual: number, { lower, upper, inner }: SeriesPoints, place: number): void {
    const at = this.lead - 1;
    this.#blocks(place, this.bands[0]!.add(actual, lower[at]!, upper[at]!));
    for (let i = 0; i < inner.length; i++) {
      const band = inner[i]!;
      this.bands[i + 1] ??= new BandSums(band.coverage);
      this.bands[i + 1]!.add(actual, band.lower[at]!, band.upper[at]!);
    }
  }

  /** Mean over the quantiles that the intervals state, and the median, which the mean stands for. */
  get pinball(): number {
    const quantiles = 2 * this.bands.length + 1;
    const sum = this.bands.reduce((total, band) => total + band.pinball, this.absolute / 2);
    return sum / quantiles / this.count;
  }

  #blocks(place: number, inside: boolean): void {
    const index = Math.floor(place / BLOCK_STEPS);
    const block = this.#block;
    if (index !== block.index) Object.assign(block, { index, count: 0, inside: 0 });
    block.count++;
    if (inside) block.inside++;
    if (block.count < BLOCK_STEPS) return;
    const share = block.inside / BLOCK_STEPS;
    this.blockMin = Number.isNaN(this.blockMin) ? share : Math.min(this.blockMin, share);
    this.blockMax = Number.isNaN(this.blockMax) ? share : Math.max(this.blockMax, share);
  }
}

/** Mean weight of each expert, lead by lead. */
export class WeightSums {
  readonly #leads = new Map<number, { steps: number; readonly sums: Map<string, number> }>();

  add(weights: readonly LeadWeights[] = []): void {
    for (const { lead, experts } of weights) {
      let of = this.#leads.get(lead);
      if (!of) {
        of = { steps: 0, sums: new Map() };
        this.#leads.set(lead, of);
      }
      of.steps++;
      for (const { expert, weight } of experts) {
        of.sums.set(expert, (of.sums.get(expert) ?? 0) + weight);
      }
    }
  }

  /** By expert, in the ensemble's order; empty where the lead's weights were not told. */
  means(lead: number): Map<string, number> {
    const { steps, sums } = this.#leads.get(lead) ?? { steps: 1, sums: new Map() };
    return new Map([...sums].map(([expert, sum]) => [expert, sum / steps]));
  }
}

function pinball(actual: number, quantile: number, level: number): number {
  const over = actual - quantile;
  return over >= 0 ? level * over : (level - 1) * over;
}
