/**
 * The newest steps of one series, and what was forecast for them, in two arrays:
 *
 *     #times  Float64 [rows]
 *     #cells  Float32 [rows][2 + 3 leads]   actual, anomaly, then mean, lower and upper of each lead
 *
 * A row holds what was known at its step, so a forecast stands at the step that it was made at; the
 * view moves it to its target. Values are Float32, half of the bytes, but as differences to an anchor
 * near the newest value: a counter at 10⁹ that moves by 1 keeps its digits. The anchor moves each time
 * the ring has gone round.
 */
import type { SeriesPoints } from '../../store/points.ts';

const ROWS_FIRST = 32;
const ACTUAL = 0;
const ANOMALY = 1;
const LEADS = 2;
const A_LEAD = 3;

export type Cell = number | null;

export interface HistoryColumns {
  readonly timeMs: number[];
  readonly actual: Cell[];
  readonly forecast: Cell[];
  readonly lower: Cell[];
  readonly upper: Cell[];
  readonly anomaly: Cell[];
}

export class HistoryRing {
  readonly #steps: number;
  readonly #leads: readonly number[];
  readonly #rowsMax: number;
  readonly #stride: number;
  #rows: number;
  #times: Float64Array;
  #cells: Float32Array;
  #anchor = Number.NaN;
  /** Steps so far; the newest is at (#count − 1) mod #rows. */
  #count = 0;
  /** Steps that did not follow the one before them: forecasts do not reach over them. */
  #begins: number[] = [];

  /**
   * @param steps that are shown at most; 0: nothing is kept
   * @param leads whose forecasts are kept, ascending; of one beyond `steps` the view lacks the oldest
   */
  constructor(steps: number, leads: readonly number[]) {
    this.#steps = steps;
    this.#leads = leads;
    this.#rowsMax = steps + Math.min(steps, leads.at(-1) ?? 0);
    this.#stride = LEADS + A_LEAD * leads.length;
    this.#rows = Math.min(ROWS_FIRST, this.#rowsMax);
    this.#times = new Float64Array(this.#rows);
    this.#cells = new Float32Array(this.#rows * this.#stride);
  }

  get count(): number {
    return this.#count;
  }

  /** Step of the newest row; NaN: there is none. */
  get newestMs(): number {
    return this.#count > 0 ? this.#times[(this.#count - 1) % this.#rows]! : Number.NaN;
  }

  get bytes(): number {
    return this.#times.byteLength + this.#cells.byteLength;
  }

  /**
   * @param follows whether it is the step right after the newest
   * @param actual NaN for a gap
   * @param forecast what was made at this step; empty where nothing was
   */
  add(
    timeMs: number,
    follows: boolean,
    actual: number,
    anomaly: number,
    forecast: Pick<SeriesPoints, 'mean' | 'lower' | 'upper'>,
  ): void {
    if (this.#rowsMax === 0) return;
    // Time was set back: what is kept belongs to another time line.
    if (timeMs <= this.newestMs) this.clear();
    if (this.#count >= this.#rows) this.#turn();
    if (!follows) this.#begins.push(this.#count);
    if (Number.isNaN(this.#anchor) && !Number.isNaN(actual)) this.#anchor = actual;
    const row = this.#count++ % this.#rows;
    this.#times[row] = timeMs;
    const cells = this.#cells;
    let at = row * this.#stride;
    cells[at++] = actual - this.#anchor;
    cells[at++] = anomaly;
    const { mean, lower, upper } = forecast;
    for (const lead of this.#leads) {
      cells[at++] = cellOf(mean, lead) - this.#anchor;
      cells[at++] = cellOf(lower, lead) - this.#anchor;
      cells[at++] = cellOf(upper, lead) - this.#anchor;
    }
  }

  clear(): void {
    this.#count = 0;
    this.#begins = [];
    this.#anchor = Number.NaN;
  }

  /** The newest values, the oldest first; null for gaps. */
  actuals(countMax: number): Cell[] {
    const values: Cell[] = [];
    for (let i = this.#first(countMax); i < this.#count; i++) values.push(this.#cell(i, ACTUAL));
    return values;
  }

  /** @param place of the lead in those that are kept */
  columns(place: number): HistoryColumns {
    const out: HistoryColumns = {
      timeMs: [],
      actual: [],
      forecast: [],
      lower: [],
      upper: [],
      anomaly: [],
    };
    const lead = this.#leads[place] ?? 0;
    const column = LEADS + A_LEAD * place;
    const oldest = this.#count - Math.min(this.#count, this.#rows);
    for (let i = this.#first(this.#steps); i < this.#count; i++) {
      const issued = i - lead;
      const isKept = lead > 0 && issued >= oldest && issued >= this.#beginOf(i);
      out.timeMs.push(this.#times[i % this.#rows]!);
      out.actual.push(this.#cell(i, ACTUAL));
      out.forecast.push(isKept ? this.#cell(issued, column) : null);
      out.lower.push(isKept ? this.#cell(issued, column + 1) : null);
      out.upper.push(isKept ? this.#cell(issued, column + 2) : null);
      out.anomaly.push(this.#cell(i, ANOMALY, 0));
    }
    return out;
  }

  #first(countMax: number): number {
    return this.#count - Math.min(this.#count, this.#rows, countMax);
  }

  /** The newest step up to `i` that did not follow the one before it. */
  #beginOf(i: number): number {
    return this.#begins.findLast((begin) => begin <= i) ?? 0;
  }

  #cell(i: number, column: number, anchor = this.#anchor): Cell {
    const value = this.#cells[(i % this.#rows) * this.#stride + column]!;
    return Number.isNaN(value) ? null : value + anchor;
  }

  /** There is no row left: more of them, or round. */
  #turn(): void {
    if (this.#rows < this.#rowsMax) {
      const [times, cells] = [this.#times, this.#cells];
      this.#rows = Math.min(2 * this.#rows, this.#rowsMax);
      this.#times = new Float64Array(this.#rows);
      this.#times.set(times);
      this.#cells = new Float32Array(this.#rows * this.#stride);
      this.#cells.set(cells);
      return;
    }
    if (this.#count % this.#rows !== 0) return;
    const oldest = this.#count - this.#rows;
    const reach = this.#begins.findLast((begin) => begin <= oldest);
    this.#begins = this.#begins.filter((begin) => begin > oldest || begin === reach);
    this.#moveAnchor();
  }

  #moveAnchor(): void {
    const [newest] = this.actuals(1);
    if (newest === null || newest === undefined) return;
    const shift = this.#anchor - newest;
    if (shift === 0) return;
    const cells = this.#cells;
    for (let at = 0; at < cells.length; at++) {
      if (at % this.#stride !== ANOMALY) cells[at]! += shift;
    }
    this.#anchor = newest;
  }
}

function cellOf(values: Float64Array, lead: number): number {
  return values[lead - 1] ?? Number.NaN;
}
