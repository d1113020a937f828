import type { SeasonedSettings } from './forecaster.ts';
import { widestFirst } from './report.ts';

/** Longer seasons are left out: their history would not fit in a series' memory. */
export const SEASON_STEPS_MAX = 100_000;

/**
 * Settings as they can be used: seasons that are too long are left out.
 * @throws Error that says which is out of range
 */
export function checkedSettings(settings: SeasonedSettings): SeasonedSettings {
  const { horizon, coverage, everyMs, seasonSteps } = settings;
  if (!(Number.isInteger(horizon) && horizon >= 1)) {
    throw new Error(`horizon: ${horizon} is no whole number of steps from 1 up`);
  }
  const levels = widestFirst(coverage);
  if (levels.length === 0 || !levels.every((level) => level > 0 && level < 1)) {
    throw new Error(`coverage: ${coverage} is not in (0, 1)`);
  }
  if (!(everyMs > 0)) throw new Error(`everyMs: ${everyMs} is not above 0`);
  const bad = seasonSteps.find((season) => !(Number.isInteger(season) && season >= 2));
  if (bad !== undefined) throw new Error(`season: ${bad} is no whole number of steps from 2 up`);
  return { ...settings, seasonSteps: seasonSteps.filter((season) => season <= SEASON_STEPS_MAX) };
}
