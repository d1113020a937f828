/**
 * Experts that name one symbol a lead, and know how often they were right lately: that is its
 * probability, and the others share the rest as they come at all.
 */
import { ByteReader, ByteWriter } from '../../store/bytes.ts';
import { Pending } from '../pending.ts';
import type { SymbolExpert, SymbolPast } from './symbol-expert.ts';

/** Guesses that a hit rate remembers. */
const MEMORY_STEPS = 200;

/** Names the symbol of each lead. */
export interface Guess {
  readonly name: string;
  readonly historySteps: number;
  /** Whether a symbol that nobody could have named counts as a miss. */
  readonly newIsMiss: boolean;
  /** The newest step has joined the past. */
  see(past: SymbolPast): void;
  /** @param lead from 1. @returns a code, or NaN where there is nothing to say */
  symbol(past: SymbolPast, lead: number): number;
  save(out: ByteWriter): void;
  load(from: ByteReader): void;
}

export class GuessExpert implements SymbolExpert {
  readonly name: string;
  readonly historySteps: number;
  probability = new Float64Array(0);
  readonly #guess: Guess;
  readonly #horizon: number;
  /** How often each symbol comes at all; it must forecast first. */
  readonly #below: SymbolExpert;
  /** What was named, and how many symbols were known. */
  readonly #pending: Pending;
  readonly #hits: Float64Array;
  readonly #tries: Float64Array;

  constructor(guess: Guess, horizon: number, below: SymbolExpert) {
    this.name = guess.name;
    this.historySteps = guess.historySteps;
    this.#guess = guess;
    this.#horizon = horizon;
    this.#below = below;
    this.#pending = new Pending(horizon, 2);
    this.#hits = new Float64Array(horizon);
    this.#tries = new Float64Array(horizon);
  }

  learn(past: SymbolPast): void {
    const symbol = past.history.at(0);
    if (!Number.isNaN(symbol)) this.#score(symbol);
    this.#guess.see(past);
  }

  #score(symbol: number): void {
    const { values, step } = this.#pending;
    const leads = Math.min(this.#horizon, step);
    for (let i = 0; i < leads; i++) {
      const row = this.#pending.offset(i + 1);
      const guess = values[row]!;
      if (Number.isNaN(guess)) continue;
      if (!this.#guess.newIsMiss && symbol >= values[row + 1]!) continue;
      const keep = 1 - 1 / MEMORY_STEPS;
      this.#tries[i] = this.#tries[i]! * keep + 1;
      this.#hits[i] = this.#hits[i]! * keep + (guess === symbol ? 1 : 0);
    }
  }

  forecast(past: SymbolPast): void {
    const { known } = past;
    const { values } = this.#pending;
    const slots = this.probability.length / this.#horizon;
    const below = this.#below.probability;
    for (let i = 0; i < this.#horizon; i++) {
      const guess = this.#guess.symbol(past, i + 1);
      const row = this.#pending.offset(i + 1);
      values[row] = guess;
      values[row + 1] = known;
      const out = i * slots;
      if (Number.isNaN(guess) || known === 1) {
        this.probability[out] = guess === 0 ? 1 : Number.NaN;
        continue;
      }
      const rate = (this.#hits[i]! + 0.5) / (this.#tries[i]! + 1);
      const rest = (1 - rate) / (1 - below[out + guess]!);
      for (let s = 0; s < known; s++) this.probability[out + s] = rest * below[out + s]!;
      this.probability[out + guess] = rate;
    }
    this.#pending.next();
  }

  grow(slots: number): void {
    this.probability = new Float64Array(this.#horizon * slots);
  }

  restart(): void {
    this.#pending.clear();
  }

  save(): Uint8Array {
    const out = new ByteWriter();
    this.#pending.save(out);
    out.numbers(this.#hits).numbers(this.#tries);
    this.#guess.save(out);
    return out.finish();
  }

  load(bytes: Uint8Array): void {
    const from = new ByteReader(bytes);
    this.#pending.load(from);
    from.numbers(this.#hits, 'hits');
    from.numbers(this.#tries, 'guesses');
    this.#guess.load(from);
    from.end();
  }
}

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
  const seasonsBack = 3;
  return {
    name: `season-${season}`,
    historySteps: season * (Math.ceil(horizon / season) + seasonsBack),
    newIsMiss: true,
    see: () => {},
    symbol: ({ history }, lead) => {
      const least = Math.ceil(lead / season);
      for (let k = least; k < least + seasonsBack; k++) {
        const symbol = history.at(k * season - lead);
        if (!Number.isNaN(symbol)) return symbol;
      }
      return Number.NaN;
    },
    save: () => {},
    load: () => {},
  };
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
