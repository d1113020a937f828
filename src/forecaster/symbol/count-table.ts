import type { ByteReader, ByteWriter } from '../../store/bytes.ts';
import { regrown } from './symbol-expert.ts';

/** Cells a table may have: 256 KiB. */
const CELLS_MAX = 32_768;
const ROWS_INITIAL = 8;

/**
 * How often each symbol came in each context, older times counting less: row[s] of the context's
 * key. A row's memory is its last `memory` visits or so. When there is no more room the
 * context that was visited longest ago gives up its row.
 */
export class CountTable {
  cells: Float64Array = new Float64Array(0);
  slots = 0;
  readonly #keep: number;
  /** Key → row, the longest unvisited first. */
  #rowOf = new Map<number, number>();

  constructor(memory: number) {
    this.#keep = 1 - 1 / memory;
  }

  /** Where in `cells` the context's row begins; −1 where it was never seen. */
  at(key: number): number {
    const row = this.#rowOf.get(key);
    return row === undefined ? -1 : row * this.slots;
  }

  add(key: number, symbol: number): void {
    const at = this.#visit(key) * this.slots;
    for (let s = 0; s < this.slots; s++) this.cells[at + s]! *= this.#keep;
    this.cells[at + symbol]! += 1;
  }

  grow(slots: number): void {
    const rows = this.slots === 0 ? 0 : this.cells.length / this.slots;
    const rowsMax = maxRows(slots);
    while (this.#rowOf.size > rowsMax) this.#evict();
    if (rows > rowsMax) {
      this.#compact(rowsMax, slots);
    } else {
      this.cells = regrown(this.cells, rows, this.slots, slots);
    }
    this.slots = slots;
  }

  /** Rows anew, without those that were given up. */
  #compact(rows: number, slots: number): void {
    const cells = new Float64Array(rows * slots);
    let next = 0;
    for (const [key, row] of this.#rowOf) {
      cells.set(this.cells.subarray(row * this.slots, (row + 1) * this.slots), next * slots);
      this.#rowOf.set(key, next++);
    }
    this.cells = cells;
  }

  #visit(key: number): number {
    let row = this.#rowOf.get(key);
    if (row === undefined) {
      row = this.#rowOf.size < maxRows(this.slots) ? this.#rowOf.size : this.#evict();
      this.#makeRoom(row);
      this.cells.fill(0, row * this.slots, (row + 1) * this.slots);
    } else {
      this.#rowOf.delete(key);
    }
    this.#rowOf.set(key, row);
    return row;
  }

  /** @returns the row that has become free */
  #evict(): number {
    const [oldest] = this.#rowOf;
    this.#rowOf.delete(oldest![0]);
    return oldest![1];
  }

  #makeRoom(row: number): void {
    if ((row + 1) * this.slots <= this.cells.length) return;
    const rows = Math.min(maxRows(this.slots), Math.max(ROWS_INITIAL, row * 2));
    const grown = new Float64Array(rows * this.slots);
    grown.set(this.cells);
    this.cells = grown;
  }

  save(out: ByteWriter): void {
    out.number(this.#rowOf.size);
    for (const [key, row] of this.#rowOf) {
      out.number(key).numbers(this.cells.subarray(row * this.slots, (row + 1) * this.slots));
    }
  }

  load(from: ByteReader): void {
    const rows = from.number();
    this.#rowOf = new Map();
    this.cells = new Float64Array(rows * this.slots);
    for (let row = 0; row < rows; row++) {
      this.#rowOf.set(from.number(), row);
      from.numbers(this.cells.subarray(row * this.slots, (row + 1) * this.slots), 'counts');
    }
  }
}

function maxRows(slots: number): number {
  return Math.floor(CELLS_MAX / slots);
}
