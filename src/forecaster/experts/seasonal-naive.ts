import type { Expert, History } from './expert.ts';

/** Seasons kept, so that a gap can be bridged by the season before. */
const SEASONS_BACK = 3;

/** The value of the same phase one season before the target; over a gap, of the season before. */
export class SeasonalNaive implements Expert {
  readonly name: string;
  readonly historySteps: number;
  readonly #seasonSteps: number;

  constructor(seasonSteps: number) {
    this.name = `seasonal_${seasonSteps}`;
    this.historySteps = seasonSteps * SEASONS_BACK;
    this.#seasonSteps = seasonSteps;
  }

  learn(): void {}

  forecast(history: History, out: Float64Array): void {
    for (let i = 0; i < out.length; i++) out[i] = seasonalValue(history, this.#seasonSteps, i + 1);
  }

  restart(): void {}

  save(): Uint8Array {
    return new Uint8Array(0);
  }

  load(): void {}
}

/** The newest known value whole seasons before the target of `lead`; NaN where there is none. */
export function seasonalValue(history: History, seasonSteps: number, lead: number): number {
  // Leads beyond a season go back as many seasons as bring them into the past.
  let back = Math.ceil(lead / seasonSteps) * seasonSteps - lead;
  let value = history.at(back);
  for (let season = 1; Number.isNaN(value) && season < SEASONS_BACK; season++) {
    back += seasonSteps;
    value = history.at(back);
  }
  return value;
}
