/** What ContextExpert can go by. */
import type { Context } from './context-expert.ts';

/** Longer runs are told apart no more. */
const RUN_MAX = 255;

/** The newest symbols: a Markov chain of that order. A gap is a symbol of its own here. */
export function newestSymbols(order: number, symbolsMax: number): Context {
  return {
    steps: order,
    see: () => {},
    at: ({ history }, back) => {
      let context = 0;
      for (let i = 0; i < order; i++) {
        const symbol = history.at(back + i);
        context = context * (symbolsMax + 1) + (Number.isNaN(symbol) ? symbolsMax : symbol);
      }
      return context;
    },
    // The history has been cleared, and the contexts with it.
    restart: () => {},
    save: () => {},
    load: () => {},
  };
}

/**
 * How long the present symbol has lasted, and which came before it: states with a duration of their
 * own (semi-Markov). Gaps count as part of the run.
 */
export function runLength(symbolsMax: number, horizon: number): Context {
  const size = horizon + 1;
  /** Contexts of the newest steps, in a ring. */
  const ring = new Float64Array(size);
  let step = 0;
  let run = 0;
  let symbol = symbolsMax;
  let before = symbolsMax;
  const restart = (): void => {
    ring.fill(0);
    [step, run, symbol, before] = [0, 0, symbolsMax, symbolsMax];
  };
  return {
    steps: 1,
    see: ({ history }) => {
      const newest = history.at(0);
      run = Math.min(run + 1, RUN_MAX);
      if (!Number.isNaN(newest) && newest !== symbol) [before, symbol, run] = [symbol, newest, 1];
      step++;
      ring[step % size] = (before * (symbolsMax + 1) + symbol) * (RUN_MAX + 1) + run;
    },
    at: (_, back) => ring[(step - back + size) % size]!,
    restart,
    save: (out) => {
      out.numbers(ring).number(step).number(run).number(symbol).number(before);
    },
    load: (from) => {
      from.numbers(ring, 'runs');
      step = from.number();
      run = from.number();
      symbol = from.number();
      before = from.number();
    },
  };
}
