/** Sentences and colours that several panels share. */
import type { Step } from './panels.ts';

export const SKILL_TEXT =
  'Skill is 1 for forecasts without error, 0 for those that are as good as repeating the last value, and below 0 for worse ones.';

export const SKILL_STEPS: readonly Step[] = [['red'], ['orange', 0], ['green', 0.05]];
/** Around the default of 90 %. */
export const COVERAGE_STEPS: readonly Step[] = [
  ['red'],
  ['orange', 0.8],
  ['green', 0.85],
  ['orange', 0.97],
];
