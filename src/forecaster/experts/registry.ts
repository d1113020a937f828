import type { RecurrentEngine } from '../../recurrent/engine.ts';
import type { ForecasterSettings } from '../forecaster.ts';
import type { Expert } from './expert.ts';
import { LastValue } from './last-value.ts';
import { RecurrentExpert } from './recurrent.ts';
import { SeasonalNaive } from './seasonal-naive.ts';

/** Every expert of a series. The first is the naive forecast: always able, the bar for all others. */
export function createExperts(settings: ForecasterSettings, engine: RecurrentEngine): Expert[] {
  const experts: Expert[] = [new LastValue()];
  for (const season of settings.seasonSteps) experts.push(new SeasonalNaive(season));
  if (settings.recurrent) experts.push(new RecurrentExpert(settings, settings.recurrent, engine));
  return experts;
}
