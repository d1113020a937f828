/**
 * The regressions there are: which regressors each sees, how fast it forgets, how strong its ridge is.
 */
import type { LinearKernel } from '../../recurrent/linear.ts';
import type { SeasonedSettings } from '../forecaster.ts';
import { Autoregression, type Features, type Guide } from './autoregression.ts';
import type { Expert } from './expert.ts';
import type { RegressorPlan } from './regressors.ts';

/** A season of fewer steps has no shape; one of more is too long for a profile a phase. */
const PROFILE_STEPS_MIN = 4;
const PROFILE_STEPS_MAX = 10_000;
/** λ is quoted for a season of so many steps: a day of hours. */
const UNIT_STEPS = 24;

/** The season that shapes regressions and analogs; undefined: none does. */
export function shortestSeason({ seasonSteps }: SeasonedSettings): number | undefined {
  return seasonSteps.find((s) => s >= PROFILE_STEPS_MIN && s <= PROFILE_STEPS_MAX);
}

/** The part of a plan that says which covariates are known ahead. */
export function knownAhead({ knownAhead: covariates = 0, horizon }: SeasonedSettings) {
  return covariates > 0 ? { ahead: { covariates, horizon } } : {};
}

function plan(
  settings: SeasonedSettings,
  season: number | undefined,
  given: Partial<RegressorPlan>,
): RegressorPlan {
  const harmonics = Math.min(given.harmonics ?? 8, Math.floor(((season ?? 1) - 1) / 2));
  return {
    seasonSteps: season,
    everyMs: settings.everyMs,
    lags: denseLags(settings, season),
    averages: true,
    guideLeads: [],
    companions: 0,
    ...given,
    harmonics,
  };
}

/** λ for a season of any length, forgetting as much in a season as `daily` in 24 steps. */
function forgetting(daily: number, season: number | undefined): number {
  return 1 - (1 - daily) * Math.min(1, UNIT_STEPS / (season ?? UNIT_STEPS));
}

/** Follows a change within two seasons' dozens; few regressors. */
export function quickRegression(
  settings: SeasonedSettings,
  season: number | undefined,
  linear: LinearKernel | undefined,
): Expert {
  const lags = season === undefined ? range(1, 8) : [1, 2, 3, 4, season - 1];
  return new Autoregression(
    {
      name: 'regression_quick',
      horizon: settings.horizon,
      plan: plan(settings, season, {
        lags,
        harmonics: settings.effort === 'low' ? 2 : 6,
        averages: false,
        ...(settings.effort === 'low' && knownAhead(settings)),
      }),
      forgetting: forgetting(0.998, season),
      ridge: 10,
    },
    undefined,
    linear,
  );
}

/** Everything known: lags, season, averages, other channels, the analogs' forecasts. */
export function fullRegression(
  settings: SeasonedSettings,
  season: number | undefined,
  guide: Guide | undefined,
  linear: LinearKernel | undefined,
): Expert {
  const guideLeads = guide ? [...new Set([1, ...spread(settings.horizon, 6)])] : [];
  const { companions = 0 } = settings;
  return new Autoregression(
    {
      name: 'regression_full',
      horizon: settings.horizon,
      plan: plan(settings, season, { guideLeads, companions, ...knownAhead(settings) }),
      forgetting: forgetting(0.999, season),
      ridge: 40,
    },
    { guide },
    linear,
  );
}

/** The steady one: long memory, strong ridge. */
export function slowRegression(
  settings: SeasonedSettings,
  season: number | undefined,
  linear: LinearKernel | undefined,
): Expert {
  return new Autoregression(
    {
      name: 'regression_slow',
      horizon: settings.horizon,
      plan: plan(settings, season, {}),
      forgetting: forgetting(0.9997, season),
      ridge: 100,
    },
    undefined,
    linear,
  );
}

/** Hardly anything to fit: steady where the others have too much to learn. */
export function smallRegression(
  settings: SeasonedSettings,
  season: number | undefined,
  linear: LinearKernel | undefined,
): Expert {
  return new Autoregression(
    {
      name: 'regression_small',
      horizon: settings.horizon,
      plan: plan(settings, season, {
        lags: season === undefined ? [1, 2] : [1, 2, season - 1],
        harmonics: 3,
        averages: false,
      }),
      forgetting: forgetting(0.9995, season),
      ridge: 10,
    },
    undefined,
    linear,
  );
}

/**
 * The learned reservoir: the network's state as further regressors. The network learns for its own
 * head; this readout has a long memory, and is quick and safe where a gradient step is neither.
 * H. Jaeger: The "echo state" approach to analysing and training recurrent neural networks, 2001
 * (there with fixed random weights).
 */
export function reservoir(
  settings: SeasonedSettings,
  network: Features,
  linear: LinearKernel | undefined,
): Expert {
  const season = shortestSeason(settings);
  return new Autoregression(
    {
      name: 'reservoir',
      horizon: settings.horizon,
      plan: plan(settings, season, {
        lags: season === undefined ? range(1, 8) : [1, 2, season - 1],
        harmonics: 3,
        averages: false,
      }),
      forgetting: forgetting(0.9995, season),
      ridge: 10,
    },
    { features: network },
    linear,
  );
}

/** The newest dozen, every 24th of the season back to one season, and what longer seasons say. */
function denseLags(settings: SeasonedSettings, season: number | undefined): number[] {
  if (season === undefined) return range(1, 24);
  const lags = new Set(range(1, 12));
  const unit = Math.max(1, Math.round(season / 24));
  for (let i = 1; i <= 24 && i * unit <= season; i++) lags.add(i * unit);
  lags.add(2 * season - unit);
  const longer = settings.seasonSteps.filter((s) => s > season && s <= PROFILE_STEPS_MAX);
  for (const long of longer.slice(0, 2)) {
    for (const lead of [0, 1, 2, 3, 4, 6, 8, 12, 24, 48]) {
      if (lead <= settings.horizon && lead < long) lags.add(long - lead);
    }
  }
  return [...lags].sort((a, b) => a - b);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** The last of each of `count` equal parts of 1…horizon. */
function spread(horizon: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) =>
    Math.max(1, Math.round(((i + 1) * horizon) / count)),
  );
}
