import type { Expert, History } from './expert.ts';

/** The newest known value at every lead: the naive forecast, and what every skill is measured by. */
export class LastValue implements Expert {
  readonly name = 'last_value';
  readonly historySteps = 1;

  learn(): void {}

  forecast(history: History, out: Float64Array): void {
    out.fill(history.last);
  }

  restart(): void {}

  save(): Uint8Array {
    return new Uint8Array(0);
  }

  load(): void {}
}
