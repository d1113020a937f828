import type { ByteReader, ByteWriter } from '../../store/bytes.ts';
import { Pending } from '../pending.ts';

/**
 * Distributions waiting for their targets, see Pending. A row holds how many symbols were known, and
 * one distribution an expert [experts][slots].
 */
export class SymbolPending {
  readonly #horizon: number;
  readonly #experts: number;
  #slots = 0;
  #pending: Pending;

  constructor(horizon: number, experts: number) {
    this.#horizon = horizon;
    this.#experts = experts;
    this.#pending = new Pending(horizon, 1);
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
    return this.#pending.offset(lead) + 1 + expert * this.#slots;
  }

  get values(): Float64Array {
    return this.#pending.values;
  }

  issue(lead: number, known: number): void {
    this.#pending.values[this.#pending.offset(lead)] = known;
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
    const lanes = 1 + this.#experts * slots;
    const grown = new Pending(this.#horizon, lanes);
    const rows = old.values.length / old.lanes;
    for (let row = 0; before > 0 && row < rows; row++) {
      grown.values[row * lanes] = old.values[row * old.lanes]!;
      for (let k = 0; k < this.#experts; k++) {
        const from = row * old.lanes + 1 + k * before;
        grown.values.set(old.values.subarray(from, from + before), row * lanes + 1 + k * slots);
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
