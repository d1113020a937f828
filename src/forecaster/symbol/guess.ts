/**
 * Experts that name one symbol a lead, and know how often they were right lately: that is its
 * probability, and the others share the rest as they come at all.
 */
import { ByteReader, ByteWriter } from '../../store/bytes.ts';
import { Pending } from '../pending.ts';
import type { SymbolExpert, SymbolPast } from './symbol-expert.ts';

/** Guesses that a hit rate remembers. */
const MEMORY_STEPS = 200;

/** Names the symbol of each lead; see guesses.ts. */
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
