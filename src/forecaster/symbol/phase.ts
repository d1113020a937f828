import { ByteReader, ByteWriter } from '../../store/bytes.ts';
import { CountTable } from './count-table.ts';
import type { SymbolExpert, SymbolPast } from './symbol-expert.ts';

/** Weight of what is believed of a phase before it was seen, in visits. */
const PRIOR = 0.5;

export interface PhaseSettings {
  readonly name: string;
  /** 1: how often each symbol comes at all. */
  readonly seasonSteps: number;
  /** Visits that a phase remembers. */
  readonly memory: number;
  readonly horizon: number;
  readonly everyMs: number;
  /** What is believed of a phase before it was seen; default: all symbols alike. */
  readonly below?: SymbolExpert;
}

/** How often each symbol came at the same place of the season, which is told by the time. */
export class PhaseExpert implements SymbolExpert {
  readonly name: string;
  readonly historySteps = 1;
  probability = new Float64Array(0);
  readonly #settings: PhaseSettings;
  readonly #table: CountTable;

  constructor(settings: PhaseSettings) {
    this.name = settings.name;
    this.#settings = settings;
    this.#table = new CountTable(settings.memory);
  }

  learn({ history }: SymbolPast): void {
    const symbol = history.at(0);
    if (!Number.isNaN(symbol)) this.#table.add(this.#phase(history.timeMs, 0), symbol);
  }

  forecast({ history, known }: SymbolPast): void {
    const { cells, slots } = this.#table;
    const { horizon, below } = this.#settings;
    // Alike for all: Krichevsky and Trofimov's half a visit for each symbol.
    const prior = below ? PRIOR : PRIOR * known;
    for (let lead = 1; lead <= horizon; lead++) {
      const row = this.#table.at(this.#phase(history.timeMs, lead));
      const out = (lead - 1) * slots;
      let total = 0;
      for (let s = 0; row >= 0 && s < known; s++) total += cells[row + s]!;
      for (let s = 0; s < known; s++) {
        const count = row >= 0 ? cells[row + s]! : 0;
        const before = below ? below.probability[out + s]! : 1 / known;
        this.probability[out + s] = (count + prior * before) / (total + prior);
      }
    }
  }

  /** By the time rather than by counting steps: it lasts over gaps and restarts. */
  #phase(timeMs: number, lead: number): number {
    const { everyMs, seasonSteps } = this.#settings;
    const step = Math.round(timeMs / everyMs) + lead;
    return step - seasonSteps * Math.floor(step / seasonSteps);
  }

  grow(slots: number): void {
    this.#table.grow(slots);
    this.probability = new Float64Array(this.#settings.horizon * slots);
  }

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
