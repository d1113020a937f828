import { createExperts } from '../../src/forecaster/experts/registry.ts';
import type { Effort, SeasonedSettings } from '../../src/forecaster/forecaster.ts';
import { HistoryRing } from '../../src/forecaster/history.ts';
import { createSeriesForecaster } from '../../src/forecaster/series-forecaster.ts';
import type { HardStream } from './hard-streams.ts';
import { LinearEngine } from './linear-engine.ts';

/** Mean squared errors over the same targets. */
export interface LeadErrors {
  readonly lead: number;
  readonly forecast: number;
  /** By name; where an expert was silent, the last value counts. */
  readonly experts: ReadonlyMap<string, number>;
}

const EVERY_MS = 3_600_000;

/** Runs a forecaster, and its experts once more on their own, over a stream. */
export function measure(
  stream: HardStream,
  effort: Effort,
  horizon: number,
  leads: readonly number[],
): LeadErrors[] {
  const settings: SeasonedSettings = {
    horizon,
    seasonSteps: stream.seasonSteps,
    coverage: 0.9,
    everyMs: EVERY_MS,
    recurrent: undefined,
    seed: 1,
    effort,
  };
  const engine = new LinearEngine();
  const forecaster = createSeriesForecaster(settings, engine);
  const experts = createExperts(settings, engine);
  const names = experts.map((expert) => expert.name);
  const history = new HistoryRing(Math.max(...experts.map((expert) => expert.historySteps)));
  const said = experts.map(() => new Float64Array(horizon));
  const sums = leads.map(() => new Float64Array(1 + experts.length));
  const { values, warmUpSteps } = stream;
  for (let t = 0; t < values.length; t++) {
    const { mean } = forecaster.step(t * EVERY_MS, values[t]!);
    history.push(t * EVERY_MS, values[t]!);
    for (const expert of experts) expert.learn(history);
    for (let k = 0; k < experts.length; k++) experts[k]!.forecast(history, said[k]!);
    for (let l = 0; l < leads.length; l++) {
      const actual = values[t + leads[l]!];
      if (t + 1 < warmUpSteps || actual === undefined) continue;
      const at = leads[l]! - 1;
      sums[l]![0]! += (mean[at]! - actual) ** 2;
      for (let k = 0; k < experts.length; k++) {
        const forecast = said[k]![at]!;
        const heard = Number.isNaN(forecast) ? values[t]! : forecast;
        sums[l]![1 + k]! += (heard - actual) ** 2;
      }
    }
  }
  return leads.map((lead, l) => {
    const count = values.length - Math.max(0, warmUpSteps - 1) - lead;
    const [forecast, ...rest] = Array.from(sums[l]!, (sum) => sum / count);
    return {
      lead,
      forecast: forecast!,
      experts: new Map(names.map((name, k) => [name, rest[k]!])),
    };
  });
}

/** The best in hindsight, and its error. */
export function best({ experts }: LeadErrors): [name: string, error: number] {
  return [...experts].reduce((a, b) => (b[1] < a[1] ? b : a));
}
