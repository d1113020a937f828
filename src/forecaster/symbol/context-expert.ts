/**
 * Experts that count what came after a context, such as the k newest symbols: one table a lead, of how
 * often each symbol came h steps after it. Direct counts rather than powers of a one-step matrix, as
 * the order of the chain is not known. A context that was seen seldom leans on a simpler one:
 *
 *     P(s | c) = (n(c, s) + β P'(s | c')) ÷ (n(c) + β)      P' of the simpler context c'
 *
 * which is interpolation with a Dirichlet prior [1]. β is small: a schedule is certain after few
 * repeats, and where it is noise, the mixture listens to a simpler context.
 *
 * [1] D. MacKay, L. Peto: A hierarchical Dirichlet language model. 1995.
 */
import { ByteReader, ByteWriter } from '../../store/bytes.ts';
import { CountTable } from './count-table.ts';
import type { SymbolExpert, SymbolPast } from './symbol-expert.ts';

/** β, in visits. */
const PRIOR = 0.3;

/** What the next symbols are held to depend on; see contexts.ts. */
export interface Context {
  /** How far back it asks the history for the newest context. */
  readonly steps: number;
  /** The newest step has joined the past. */
  see(past: SymbolPast): void;
  /** The context as it was `back` steps ago (0 = now), as a whole number. */
  at(past: SymbolPast, back: number): number;
  restart(): void;
  save(out: ByteWriter): void;
  load(from: ByteReader): void;
}

export interface ContextSettings {
  readonly name: string;
  readonly context: Context;
  /** Visits that a context remembers. */
  readonly memory: number;
  readonly horizon: number;
  /** Of a simpler context; it must forecast first. */
  readonly below: SymbolExpert;
}

export class ContextExpert implements SymbolExpert {
  readonly name: string;
  readonly historySteps: number;
  probability = new Float64Array(0);
  readonly #settings: ContextSettings;
  readonly #table: CountTable;

  constructor(settings: ContextSettings) {
    this.#settings = settings;
    this.name = settings.name;
    this.historySteps = settings.horizon + settings.context.steps;
    this.#table = new CountTable(settings.memory);
  }

  learn(past: SymbolPast): void {
    const { context, horizon } = this.#settings;
    context.see(past);
    const symbol = past.history.at(0);
    if (Number.isNaN(symbol)) return;
    const leads = Math.min(horizon, past.history.steps - 1);
    for (let lead = 1; lead <= leads; lead++) {
      this.#table.add(context.at(past, lead) * horizon + lead - 1, symbol);
    }
  }

  forecast(past: SymbolPast): void {
    const { known } = past;
    const { cells, slots } = this.#table;
    const { context, horizon } = this.#settings;
    const below = this.#settings.below.probability;
    const key = context.at(past, 0) * horizon;
    for (let lead = 1; lead <= horizon; lead++) {
      const row = this.#table.at(key + lead - 1);
      const out = (lead - 1) * slots;
      let total = 0;
      for (let s = 0; row >= 0 && s < known; s++) total += cells[row + s]!;
      for (let s = 0; s < known; s++) {
        const count = row >= 0 ? cells[row + s]! : 0;
        this.probability[out + s] = (count + PRIOR * below[out + s]!) / (total + PRIOR);
      }
    }
  }

  grow(slots: number): void {
    this.#table.grow(slots);
    this.probability = new Float64Array(this.#settings.horizon * slots);
  }

  restart(): void {
    this.#settings.context.restart();
  }

  save(): Uint8Array {
    const out = new ByteWriter();
    this.#table.save(out);
    this.#settings.context.save(out);
    return out.finish();
  }

  load(bytes: Uint8Array): void {
    const from = new ByteReader(bytes);
    this.#table.load(from);
    this.#settings.context.load(from);
    from.end();
  }
}
