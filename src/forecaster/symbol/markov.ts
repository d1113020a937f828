/**
 * Markov chains of each order, one table a lead: how often a symbol came h steps after the k newest
 * ones. Direct counts rather than powers of the one-step matrix, as the chain's order is not known.
 * Contexts that were seen seldom lean on the next lower order:
 *
 *     P_k(s | c) = (n(c, s) + β P_{k−1}(s | c')) ÷ (n(c) + β)      c' = c without its oldest symbol
 *
 * which is interpolation with a Dirichlet prior [1]. β is small: a schedule is certain after few
 * repeats, and where it is noise, the mixture listens to a lower order.
 *
 * [1] D. MacKay, L. Peto: A hierarchical Dirichlet language model. 1995.
 */
import { ByteReader, ByteWriter } from '../../store/bytes.ts';
import type { History } from '../experts/expert.ts';
import { CountTable } from './count-table.ts';
import type { SymbolExpert, SymbolPast } from './symbol-expert.ts';

/** β, in visits. */
const PRIOR = 0.3;

export interface MarkovSettings {
  readonly name: string;
  /** Symbols that make the context, from 1. */
  readonly order: number;
  /** Visits that a context remembers. */
  readonly memory: number;
  readonly horizon: number;
  readonly symbolsMax: number;
  /** The next lower order; it must forecast first. */
  readonly below: SymbolExpert;
}

export class MarkovExpert implements SymbolExpert {
  readonly name: string;
  readonly historySteps: number;
  probability = new Float64Array(0);
  readonly #settings: MarkovSettings;
  readonly #table: CountTable;

  constructor(settings: MarkovSettings) {
    this.#settings = settings;
    this.name = settings.name;
    this.historySteps = settings.horizon + settings.order;
    this.#table = new CountTable(settings.memory);
  }

  learn({ history }: SymbolPast): void {
    const symbol = history.at(0);
    if (Number.isNaN(symbol)) return;
    const leads = Math.min(this.#settings.horizon, history.steps - 1);
    for (let lead = 1; lead <= leads; lead++)
      this.#table.add(this.#key(history, lead, lead), symbol);
  }

  forecast({ history, known }: SymbolPast): void {
    const { cells, slots } = this.#table;
    const below = this.#settings.below.probability;
    for (let lead = 1; lead <= this.#settings.horizon; lead++) {
      const row = this.#table.at(this.#key(history, 0, lead));
      const out = (lead - 1) * slots;
      let total = 0;
      for (let s = 0; row >= 0 && s < known; s++) total += cells[row + s]!;
      for (let s = 0; s < known; s++) {
        const count = row >= 0 ? cells[row + s]! : 0;
        this.probability[out + s] = (count + PRIOR * below[out + s]!) / (total + PRIOR);
      }
    }
  }

  /** Context `back` steps ago, and lead, as one number. Gaps are a symbol of their own here. */
  #key(history: History, back: number, lead: number): number {
    const { order, symbolsMax, horizon } = this.#settings;
    let context = 0;
    for (let i = 0; i < order; i++) {
      const symbol = history.at(back + i);
      context = context * (symbolsMax + 1) + (Number.isNaN(symbol) ? symbolsMax : symbol);
    }
    return context * horizon + lead - 1;
  }

  grow(slots: number): void {
    this.#table.grow(slots);
    this.probability = new Float64Array(this.#settings.horizon * slots);
  }

  /** The history has been cleared, and the contexts with it. */
  restart(): void {}

  save(): Uint8Array {
    const out = new ByteWriter();
    this.#table.save(out);
    return out.finish();
  }

  load(bytes: Uint8Array): void {
    const from = new ByteReader(bytes);
    this.#table.load(from);
    from.end();
  }
}
