import type { RecurrentEngine } from '../../recurrent/engine.ts';
import type { LinearKernel } from '../../recurrent/linear.ts';
import type { SeasonedSettings } from '../forecaster.ts';
import { Analog } from './analog.ts';
import { Drift } from './drift.ts';
import type { Expert } from './expert.ts';
import { HoltWinters } from './holt-winters.ts';
import { KnownEffect } from './known-effect.ts';
import { LastValue } from './last-value.ts';
import { RecurrentExpert } from './recurrent.ts';
import {
  fullRegression,
  knownAhead,
  quickRegression,
  reservoir,
  shortestSeason,
  slowRegression,
  smallRegression,
} from './regressions.ts';
import { SeasonalGrowth } from './seasonal-growth.ts';
import { SeasonalNaive } from './seasonal-naive.ts';
import { SharedNetwork } from './shared-network.ts';

/** Steps of the past that analogs search, and the most seasons. */
const ANALOG_STEPS = 20_000;
const ANALOG_SEASONS = 400;
const ANALOG_SEASONS_MIN = 4;
/** Reach of the analogs' likeness, in shortest seasons; the first guides the regressions. */
const ANALOG_MEMORIES = [1 / 4, 1 / 1.5, 1 / 12, 1 / 30];
/** Holt–Winters keeps several terms a phase. */
const HOLT_WINTERS_STEPS_MAX = 400;

/**
 * Every expert of a series. The first is the naive forecast: always able, the bar for all others.
 * @param shared the network of several channels; absent: the series has one of its own
 */
export function createExperts(
  settings: SeasonedSettings,
  engine: RecurrentEngine,
  shared?: SharedNetwork,
): Expert[] {
  const { without = [] } = settings;
  return allExperts(settings, engine, shared).filter(
    ({ name }, i) => i === 0 || !without.some((part) => name.startsWith(part)),
  );
}

function allExperts(
  settings: SeasonedSettings,
  engine: RecurrentEngine,
  shared: SharedNetwork | undefined,
): Expert[] {
  const effort = settings.effort ?? 'simple';
  const experts: Expert[] = [new LastValue()];
  for (const season of settings.seasonSteps) experts.push(new SeasonalNaive(season));
  const { ahead } = knownAhead(settings);
  if (ahead) experts.push(new KnownEffect(ahead.covariates, ahead.horizon));
  const { linear } = engine;
  if (effort !== 'simple') experts.push(...richExperts(settings, linear));
  if (!settings.recurrent) return experts;
  const own = shared ?? new SharedNetwork(settings, settings.recurrent, engine);
  const network = new RecurrentExpert(settings, own, settings.recurrent.cell);
  experts.push(network);
  const reads = effort !== 'simple' && effort !== 'low';
  if (reads) experts.push(reservoir(settings, network, linear));
  return experts;
}

/** What `effort` adds to last value, seasonal naive and network. */
function richExperts(settings: SeasonedSettings, linear: LinearKernel | undefined): Expert[] {
  const experts = simpleExperts(settings);
  const season = shortestSeason(settings);
  const analogs = settings.effort === 'low' ? [] : createAnalogs(settings, season);
  experts.push(...analogs);
  experts.push(quickRegression(settings, season, linear));
  if (settings.effort !== 'low') {
    experts.push(fullRegression(settings, season, analogs[0], linear));
    experts.push(slowRegression(settings, season, linear));
    experts.push(smallRegression(settings, season, linear));
  }
  return experts;
}

function simpleExperts(settings: SeasonedSettings): Expert[] {
  const experts: Expert[] = [new Drift()];
  const season = settings.seasonSteps.find((s) => s <= HOLT_WINTERS_STEPS_MAX);
  experts.push(new HoltWinters(season ?? 1, false));
  if (season === undefined) return experts;
  experts.push(new HoltWinters(season, true));
  experts.push(new SeasonalGrowth(season, Math.max(1, Math.round(season / 12)), true));
  return experts;
}

/** Searches the shortest season with several memories, and each longer one with the first. */
function createAnalogs(settings: SeasonedSettings, shortest: number | undefined): Analog[] {
  if (shortest === undefined) return [];
  const analogs: Analog[] = [];
  for (const season of settings.seasonSteps.filter((s) => s >= shortest)) {
    const seasons = Math.min(ANALOG_SEASONS, Math.floor(ANALOG_STEPS / season));
    if (seasons < ANALOG_SEASONS_MIN) continue;
    const memories = season === shortest ? ANALOG_MEMORIES : ANALOG_MEMORIES.slice(0, 1);
    for (const [i, memory] of memories.entries()) {
      const memorySteps = Math.max(1, memory * shortest);
      if (i > 0 && memory * shortest < 1.5) continue;
      const name = `analog_${season}_${Math.round(memorySteps)}`;
      analogs.push(
        new Analog({ name, horizon: settings.horizon, seasonSteps: season, memorySteps, seasons }),
      );
    }
  }
  return analogs;
}
