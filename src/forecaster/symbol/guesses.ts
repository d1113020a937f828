/** What GuessExpert can go by. */
import type { History } from '../experts/expert.ts';
import type { Guess } from './guess.ts';

/** Where the symbol a season before is missing, so many seasons are looked at. */
const SEASONS_BACK = 3;
/** Periods that are tried, in steps: a week and a month of days are among them. */
const PERIOD_MIN = 2;
const PERIOD_MAX = 35;
/** Steps that a period's record counts. */
const PERIOD_MEMORY = 50;

/** The state stays as it is. */
export function lastSymbol(): Guess {
  return {
    name: 'last',
    historySteps: 1,
    newIsMiss: true,
    see: () => {},
    symbol: ({ history }) => history.last,
    save: () => {},
    load: () => {},
  };
}

/** What came a season before the target; with gaps, further seasons back. */
export function seasonalSymbol(season: number, horizon: number): Guess {
  return {
    name: `season-${season}`,
    historySteps: stepsBack(season, horizon),
    newIsMiss: true,
    see: () => {},
    symbol: ({ history }, lead) => seasonsBefore(history, season, lead),
    save: () => {},
    load: () => {},
  };
}

/** The same with the season that has been right most often lately: schedules need not be told. */
export function periodicSymbol(horizon: number): Guess {
  const hits = new Float64Array(PERIOD_MAX + 1);
  const tries = new Float64Array(PERIOD_MAX + 1);
  const keep = 1 - 1 / PERIOD_MEMORY;
  let best = PERIOD_MIN;
  const find = (): void => {
    const rate = (period: number): number => hits[period]! / (tries[period]! + 1);
    best = PERIOD_MIN;
    for (let p = PERIOD_MIN + 1; p <= PERIOD_MAX; p++) if (rate(p) > rate(best)) best = p;
  };
  return {
    name: 'period',
    historySteps: stepsBack(PERIOD_MAX, horizon),
    newIsMiss: true,
    see: ({ history }) => {
      const symbol = history.at(0);
      if (Number.isNaN(symbol)) return;
      for (let period = PERIOD_MIN; period <= PERIOD_MAX; period++) {
        const before = history.at(period);
        if (Number.isNaN(before)) continue;
        tries[period] = tries[period]! * keep + 1;
        hits[period] = hits[period]! * keep + (before === symbol ? 1 : 0);
      }
      find();
    },
    symbol: ({ history }, lead) => seasonsBefore(history, best, lead),
    save: (out) => {
      out.numbers(hits).numbers(tries);
    },
    load: (from) => {
      from.numbers(hits, 'hits of periods');
      from.numbers(tries, 'guesses of periods');
      find();
    },
  };
}

function stepsBack(season: number, horizon: number): number {
  return season * (Math.ceil(horizon / season) + SEASONS_BACK);
}

function seasonsBefore(history: History, season: number, lead: number): number {
  const least = Math.ceil(lead / season);
  for (let k = least; k < least + SEASONS_BACK; k++) {
    const symbol = history.at(k * season - lead);
    if (!Number.isNaN(symbol)) return symbol;
  }
  return Number.NaN;
}

/**
 * The symbols take turns: the one that has not come for longest is next. Right from the first
 * repeat of any schedule without one. A symbol that has never come cannot be named, and is no miss.
 */
export function rotation(symbolsMax: number): Guess {
  /** Codes, the one longest unseen first. */
  let turns: number[] = [];
  return {
    name: 'rotation',
    historySteps: 1,
    newIsMiss: false,
    see: ({ history }) => {
      const symbol = history.at(0);
      if (!Number.isNaN(symbol)) turns = [...turns.filter((s) => s !== symbol), symbol];
    },
    symbol: ({ history }, lead) => turns[(history.age + lead - 1) % turns.length]!,
    save: (out) => {
      out.numbers(Float64Array.from(turns));
    },
    load: (from) => {
      const count = from.number();
      if (!(count <= symbolsMax)) throw new Error(`saved rotation: ${count} symbols`);
      turns = Array.from({ length: count }, () => from.number());
    },
  };
}
