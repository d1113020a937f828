import type { ByteReader, ByteWriter } from '../../store/bytes.ts';
import { Pending } from '../pending.ts';

/** Cells before the distributions. */
const HEAD = 2;

/**
 * Distributions waiting for their targets, see Pending. A row holds how many symbols were known, how
 * likely a new one was held, and one distribution an expert [experts][slots].
 */
export class SymbolPending {
  readonly #horizon: number;
  readonly #experts: number;
  #slots = 0;
  #pending: Pending;

  constructor(horizon: number, experts: number) {
    this.#horizon = horizon;
    this.#experts = experts;
    this.#pending = new Pending(horizon, HEAD);
  }

  get step(): number {
    return this.#pending.step;
  }

  /** Symbols that were known when the forecast now due was made. @param lead 1-based */
  known(lead: number): number {
    return this.#pending.values[this.#pending.offset(lead)]!;
  }

  /** Where an expert's distribution lies in `values`: due now, and free after that. */
  offset(lead: number, expert: number): number {
    return this.#pending.offset(lead) + HEAD + expert * this.#slots;
  }

  get values(): Float64Array {
    return this.#pending.values;
  }

  /** How likely a symbol beyond those was held. @param lead 1-based */
  novelty(lead: number): number {
    return this.#pending.values[this.#pending.offset(lead) + 1]!;
  }

  issue(lead: number, known: number, novelty: number): void {
    const row = this.#pending.offset(lead);
    this.#pending.values[row] = known;
    this.#pending.values[row + 1] = novelty;
  }

  next(): void {
    this.#pending.next();
  }

  clear(): void {
    this.#pending.clear();
  }

  grow(slots: number): void {
    const old = this.#pending;
    const before = this.#slots;
    const lanes = HEAD + this.#experts * slots;
    const grown = new Pending(this.#horizon, lanes);
    const rows = old.values.length / old.lanes;
    for (let row = 0; before > 0 && row < rows; row++) {
      const head = row * old.lanes;
      grown.values.set(old.values.subarray(head, head + HEAD), row * lanes);
      for (let k = 0; k < this.#experts; k++) {
        const from = head + HEAD + k * before;
        grown.values.set(old.values.subarray(from, from + before), row * lanes + HEAD + k * slots);
      }
    }
    for (let i = 0; i < old.step; i++) grown.next();
    this.#pending = grown;
    this.#slots = slots;
  }

  save(out: ByteWriter): void {
    this.#pending.save(out);
  }

  load(from: ByteReader): void {
    this.#pending.load(from);
  }
}
