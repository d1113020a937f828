/** Sizes and schedules of the recurrent expert's network, from the settings alone. */
import type { NetworkShape } from '../../recurrent/engine.ts';
import type { RecurrentSettings, SeasonedSettings } from '../forecaster.ts';
import { calendarPeriodsMs } from './calendar.ts';

/** Seasons that are inputs, and leads at which each is looked up. */
export const SEASONS_MAX = 3;

const SEASON_LEADS = 4;
/** The learning rate falls to this share of itself, and no further: a series may change. */
const RATE_MIN = 0.1;

/** The network that the settings ask for; its inputs are those of each channel, then the calendar's. */
export function networkShape(
  settings: SeasonedSettings,
  recurrent: RecurrentSettings,
  channels = 1,
): NetworkShape {
  const { horizon, everyMs } = settings;
  const calendar = 2 * calendarPeriodsMs(everyMs).length;
  return {
    cell: recurrent.cell,
    inputs: channels * channelInputs(settings) + calendar,
    hidden: recurrent.hidden,
    layers: recurrent.layers,
    outputs: channels * horizon,
    windowSteps: windowSteps(settings, recurrent),
  };
}

/** Inputs that a channel brings: level, change, whether and how long missing; seasons looked up. */
export function channelInputs({ horizon, seasonSteps }: SeasonedSettings): number {
  return 4 + Math.min(seasonSteps.length, SEASONS_MAX) * seasonLeads(horizon).length;
}

/**
 * A target of lead h arrives h steps after its issue, when that step must still be in the window,
 * with some steps before it for the gradient to go back through. A season is covered if it may be.
 */
function windowSteps({ horizon, seasonSteps }: SeasonedSettings, given: RecurrentSettings): number {
  const before = Math.max(given.updateSteps, Math.ceil(given.windowSteps / 2));
  const covered = seasonSteps.filter((season) => season <= (given.seasonStepsMax ?? 0));
  return Math.max(given.windowSteps, horizon + before, ...covered);
}

/** A window that a long horizon has stretched is gone through more seldom: the work stays bounded. */
export function updateSteps(recurrent: RecurrentSettings, window: number): number {
  const stretch = window / (2 * recurrent.windowSteps);
  return Math.max(recurrent.updateSteps, Math.ceil(recurrent.updateSteps * stretch));
}

/** Leads at which each season is looked up. */
export function seasonLeads(horizon: number): number[] {
  return spread(horizon, SEASON_LEADS);
}

/**
 * √ of each lead's weight in the loss: weights of h^−0.7, 1 in the mean. So the short leads, where
 * most can be known, are not outvoted by the many long ones.
 */
export function leadEmphasis(horizon: number): Float64Array {
  const weights = Float64Array.from({ length: horizon }, (_, i) => (i + 1) ** -0.7);
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / horizon;
  return weights.map((weight) => Math.sqrt(weight / mean));
}

/**
 * The learning rate after so many steps: full for `settleSteps`, then falling as 1/steps. A state
 * whose meaning moves is of little use to a readout with a long memory.
 * H. Robbins, S. Monro: A stochastic approximation method, 1951.
 */
export function learningRate(
  { learningRate, settleSteps }: RecurrentSettings,
  steps: number,
): number {
  if (settleSteps === undefined || steps <= settleSteps) return learningRate;
  return learningRate * Math.max(RATE_MIN, settleSteps / steps);
}

/** Up to `count` leads from 1 to `horizon`, evenly. */
function spread(horizon: number, count: number): number[] {
  const leads = new Set<number>();
  for (let i = 0; i < count; i++) leads.add(1 + Math.round(((horizon - 1) * i) / (count - 1)));
  return [...leads];
}
