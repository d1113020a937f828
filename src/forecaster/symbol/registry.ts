import type { RecurrentEngine } from '../../recurrent/engine.ts';
import { ContextExpert } from './context-expert.ts';
import { newestSymbols, runLength } from './contexts.ts';
import { GuessExpert } from './guess.ts';
import { lastSymbol, periodicSymbol, rotation, seasonalSymbol } from './guesses.ts';
import { PhaseExpert } from './phase.ts';
import type { SymbolExpert } from './symbol-expert.ts';
import type { SymbolSettings } from './symbol-forecaster.ts';
import { SymbolNetwork } from './symbol-network.ts';

/** Symbols of context: of chains that remember long, and of those that follow a change. */
const ORDER_MAX = 4;
const QUICK_ORDER_MAX = 2;
const MEMORY = 500;
const MEMORY_QUICK = 20;
/** Longer seasons are left out: the history and the phases would take megabytes a series. */
const SEASON_STEPS_MAX = 2_000;

/** The last symbol is always the first: it is the bar for the skill. Bases come before who uses them. */
export function createSymbolExperts(
  settings: SymbolSettings,
  engine: RecurrentEngine,
): { readonly experts: readonly SymbolExpert[]; readonly order: readonly SymbolExpert[] } {
  const { horizon, everyMs, symbolsMax, recurrent } = settings;
  const common = { horizon, everyMs, seasonSteps: 1 };
  const frequency = new PhaseExpert({ ...common, name: 'frequency', memory: MEMORY });
  const quick = new PhaseExpert({ ...common, name: 'frequency-quick', memory: MEMORY_QUICK });
  const chains = markovChains('markov', frequency, ORDER_MAX, MEMORY);
  const rest: SymbolExpert[] = [
    quick,
    new GuessExpert(rotation(symbolsMax), horizon, frequency),
    new GuessExpert(periodicSymbol(horizon), horizon, frequency),
    ...settings.seasonSteps
      .filter((season) => season <= SEASON_STEPS_MAX)
      .flatMap((season) => [
        new GuessExpert(seasonalSymbol(season, horizon), horizon, frequency),
        new PhaseExpert({
          name: `phase-${season}`,
          seasonSteps: season,
          memory: MEMORY,
          horizon,
          everyMs,
          below: frequency,
        }),
      ]),
    ...chains,
    new ContextExpert({
      name: 'run-length',
      context: runLength(symbolsMax, horizon),
      memory: MEMORY,
      horizon,
      below: chains[0]!,
    }),
    ...markovChains('markov-quick', quick, QUICK_ORDER_MAX, MEMORY_QUICK),
  ];
  if (recurrent) rest.push(new SymbolNetwork(settings, recurrent, engine));
  const last = new GuessExpert(lastSymbol(), horizon, frequency);
  return { experts: [last, frequency, ...rest], order: [frequency, last, ...rest] };

  function markovChains(
    name: string,
    base: SymbolExpert,
    orderMax: number,
    memory: number,
  ): SymbolExpert[] {
    const chains: SymbolExpert[] = [];
    for (let order = 1; order <= orderMax; order++) {
      const context = newestSymbols(order, symbolsMax);
      const below = chains.at(-1) ?? base;
      chains.push(new ContextExpert({ name: `${name}-${order}`, context, memory, horizon, below }));
    }
    return chains;
  }
}
