/** The newest forecast of a series. Copied: the points may be views on an array of a whole batch. */
import type { SeriesPoints } from '../../store/points.ts';
import { known } from '../learned-view.ts';
import type { FutureForecast, NextForecast } from '../monitor.ts';

const NOTHING: Float64Array = new Float64Array(0);

export class NewestForecast {
  #issuedMs = Number.NaN;
  #leads = 0;
  /** Targets, then means and the bounds of each interval; of symbols targets, then the odds. */
  #cells: Float64Array = NOTHING;
  #coverages: readonly number[] = [];
  #names: readonly string[] | undefined;

  /** @param nominal of the widest interval */
  set(points: SeriesPoints, nominal: number): void {
    const { targetMs, mean, lower, upper, inner, symbols } = points;
    this.#issuedMs = points.issuedMs;
    this.#leads = targetMs.length;
    this.#names = symbols?.names;
    if (symbols) {
      this.#put(targetMs, symbols.probability);
      return;
    }
    if (this.#coverages.length !== 1 + inner.length) {
      this.#coverages = [nominal, ...inner.map(({ coverage }) => coverage)];
    }
    this.#put(targetMs, mean, lower, upper, inner);
  }

  get names(): readonly string[] | undefined {
    return this.#names;
  }

  get bytes(): number {
    return this.#cells.byteLength;
  }

  /** The first lead; null where there is no forecast. */
  next(): NextForecast | null {
    if (this.#leads === 0) return null;
    const targetMs = this.#cells[0]!;
    const names = this.#names;
    if (!names) {
      const [mean, lower, upper] = [0, 1, 2].map((row) => this.#row(1 + row)[0]!);
      return {
        ...{ targetMs, mean: mean! },
        ...{ lower: known(lower), upper: known(upper), probability: null },
      };
    }
    const odds = this.#odds(0);
    const likeliest = argMax(odds);
    if (likeliest < 0) return null;
    const [mean, probability] = [names[likeliest]!, odds[likeliest]!];
    return { targetMs, mean, lower: null, upper: null, probability };
  }

  /** Of symbols: the likeliest one's place at each lead; −1 where there is none. */
  likeliest(): Float64Array {
    return Float64Array.from({ length: this.#leads }, (_, i) => argMax(this.#odds(i)));
  }

  future(): FutureForecast {
    const issuedMs = this.#leads > 0 ? this.#issuedMs : null;
    const targetMs = [...this.#row(0)];
    if (this.#names) {
      const probability = targetMs.map((_, i) => [...this.#odds(i)]);
      return { issuedMs, targetMs, mean: [...this.likeliest()], bands: [], probability };
    }
    const bands = this.#leads === 0 ? [] : this.#coverages;
    return {
      ...{ issuedMs, targetMs, mean: [...this.#row(1)] },
      bands: bands.map((coverage, i) => {
        return { coverage, lower: [...this.#row(2 + 2 * i)], upper: [...this.#row(3 + 2 * i)] };
      }),
    };
  }

  #put(
    targetMs: Float64Array,
    values: Float64Array,
    lower = NOTHING,
    upper = NOTHING,
    inner: SeriesPoints['inner'] = [],
  ): void {
    const { length } = targetMs;
    const size = length + values.length + 2 * lower.length * (1 + inner.length);
    if (this.#cells.length !== size) this.#cells = new Float64Array(size);
    const cells = this.#cells;
    cells.set(targetMs);
    cells.set(values, length);
    if (lower.length === 0) return;
    cells.set(lower, 2 * length);
    cells.set(upper, 3 * length);
    inner.forEach((band, i) => {
      cells.set(band.lower, (4 + 2 * i) * length);
      cells.set(band.upper, (5 + 2 * i) * length);
    });
  }

  #row(row: number): Float64Array {
    return this.#cells.subarray(row * this.#leads, (row + 1) * this.#leads);
  }

  #odds(lead: number): Float64Array {
    const { length } = this.#names!;
    const from = this.#leads + lead * length;
    return this.#cells.subarray(from, from + length);
  }
}

function argMax(values: Float64Array): number {
  let best = -1;
  for (let i = 0; i < values.length; i++) {
    if (best < 0 || values[i]! > values[best]!) best = i;
  }
  return best;
}
