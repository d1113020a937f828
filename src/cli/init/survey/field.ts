/** What the values of one field were like, in constant memory. */
import { parseNumber } from '../../../decode/number-text.ts';
import { parseTimeMs, type TimeUnit } from '../../../decode/time.ts';

/** More different values than this are no states. */
export const DISTINCT_MAX = 33;
/** Texts are kept to this length; longer ones are no states. */
const TEXT_CHARS_MAX = 64;
const NUMERIC_SHARE_MIN = 0.9;
/** Earlier stamps are counters or clocks that were never set. */
const TIME_MS_MIN = Date.UTC(2000, 0);

export interface FieldFinding {
  readonly name: string;
  /** What it belongs to, where a message speaks of several things. */
  readonly origin: string | undefined;
  /** Messages that had it, nulls too. */
  readonly seen: number;
  readonly nulls: number;
  readonly numbers: number;
  /** Texts that are numbers: "21.5". */
  readonly numberTexts: number;
  readonly texts: number;
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
  readonly rises: number;
  readonly falls: number;
  /** Every change so far was this; undefined: they differ, or there was none. */
  readonly sameStep: number | undefined;
  /** Values as text, in order of appearance; at most DISTINCT_MAX. */
  readonly distinct: readonly string[];
  /** Stamps and the times of arrival; empty as soon as one value was no time. */
  readonly stampsMs: readonly number[];
  readonly arrivalsMs: readonly number[];
  readonly unit: TimeUnit | undefined;
  /** A text that says no zone. */
  readonly zoneless: boolean;
}

/** Whether nearly all its values are numbers, be it as texts. */
export function isNumeric({ numbers, numberTexts, seen, nulls }: FieldFinding): boolean {
  return numbers + numberTexts >= NUMERIC_SHARE_MIN * (seen - nulls);
}

export class FieldStats implements FieldFinding {
  readonly name: string;
  readonly origin: string | undefined;
  seen = 0;
  nulls = 0;
  numbers = 0;
  numberTexts = 0;
  texts = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  whole = true;
  rises = 0;
  falls = 0;
  sameStep: number | undefined;
  readonly distinct: string[] = [];
  stampsMs: number[] = [];
  arrivalsMs: number[] = [];
  unit: TimeUnit | undefined;
  zoneless = false;
  #last = Number.NaN;
  #isTime = true;

  constructor(name: string, origin?: string) {
    this.name = name;
    this.origin = origin;
  }

  add(value: number | string | null, receivedMs: number): void {
    this.seen++;
    if (value === null) {
      this.nulls++;
      return;
    }
    if (typeof value === 'number') {
      this.numbers++;
      this.#number(value);
    } else {
      this.texts++;
      const number = parseNumber(value);
      if (typeof number === 'number' && !/^[+-]?0\d/.test(value)) {
        this.numberTexts++;
        this.#number(number);
      }
    }
    this.#time(value, receivedMs);
    const text = String(value).slice(0, TEXT_CHARS_MAX);
    if (this.distinct.length < DISTINCT_MAX && !this.distinct.includes(text)) {
      this.distinct.push(text);
    }
  }

  #number(value: number): void {
    this.min = Math.min(this.min, value);
    this.max = Math.max(this.max, value);
    this.whole &&= Number.isInteger(value);
    const step = value - this.#last;
    this.#last = value;
    if (Number.isNaN(step)) return;
    if (step > 0) this.rises++;
    if (step < 0) this.falls++;
    const first = this.rises + this.falls === 1 && this.sameStep === undefined;
    if (step !== 0) this.sameStep = first || this.sameStep === step ? step : Number.NaN;
  }

  #time(value: number | string, receivedMs: number): void {
    if (!this.#isTime) return;
    const ms = parseTimeMs(value, 'auto');
    const unit = unitOf(value);
    if (ms === undefined || ms < TIME_MS_MIN || (this.unit ?? unit) !== unit) {
      this.#isTime = false;
      this.stampsMs = [];
      this.arrivalsMs = [];
      this.unit = undefined;
      return;
    }
    this.unit = unit;
    this.zoneless ||= unit === 'iso' && !/(?:Z|[+-]\d\d:?\d\d)$/i.test(String(value).trim());
    this.stampsMs.push(ms);
    this.arrivalsMs.push(receivedMs);
  }
}

/** As `unit: auto` of a stream tells it, by magnitude. */
function unitOf(value: number | string): TimeUnit {
  const number = typeof value === 'number' ? value : Number(value);
  if (!Number.isFinite(number)) return 'iso';
  const size = Math.abs(number);
  if (size < 1e11) return 's';
  if (size < 1e14) return 'ms';
  return size < 1e17 ? 'us' : 'ns';
}
