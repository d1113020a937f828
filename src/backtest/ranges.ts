/** Which steps are scored: `--skip`, `--from`, `--test`, `--fit`. */
import { parseTimeMs } from '../decode/time.ts';

export interface RangeOptions {
  readonly skip?: number;
  /** ISO time. */
  readonly from?: string;
  /** `a:b` */
  readonly test?: string;
  readonly fit?: string;
}

export interface Ranges {
  readonly from: number;
  readonly to: number;
  readonly fit: readonly [number, number] | undefined;
}

/** What the recording is measured by. */
export interface Extent {
  readonly steps: number;
  readonly firstMs: number;
  readonly everyMs: number;
}

/** A tenth is burn-in where nothing else is said, and at most so many steps. */
const SKIP_SHARE = 0.1;
const SKIP_STEPS_MAX = 1_000;

/** @param faults gets what is wrong, one entry an option */
export function rangesOf(options: RangeOptions, extent: Extent, faults: string[]): Ranges {
  const { steps } = extent;
  const given = (['skip', 'from', 'test'] as const).filter((key) => options[key] !== undefined);
  if (given.length > 1) faults.push(`--${given[1]}: --${given[0]} is given as well; remove one`);
  const fit = options.fit === undefined ? undefined : range('--fit', options.fit, steps, faults);
  if (options.test !== undefined) {
    const [from, to] = range('--test', options.test, steps, faults);
    return { from, to, fit };
  }
  return { from: firstScored(options, extent, faults), to: Number.POSITIVE_INFINITY, fit };
}

function firstScored({ skip, from }: RangeOptions, extent: Extent, faults: string[]): number {
  const { steps, firstMs, everyMs } = extent;
  if (from !== undefined) {
    const ms = parseTimeMs(from, 'auto');
    if (ms === undefined) {
      faults.push(`--from: "${from}" is no time; write it as 2026-05-01 or 2026-05-01T12:00:00Z`);
      return 0;
    }
    const step = Math.max(0, Math.ceil((ms - firstMs) / everyMs));
    if (step >= steps) faults.push(`--from: ${from} lies behind the end of the file`);
    return step;
  }
  if (skip === undefined) return Math.min(SKIP_STEPS_MAX, Math.floor(SKIP_SHARE * steps));
  if (!(Number.isInteger(skip) && skip >= 0)) {
    faults.push(`--skip: ${skip} is no number of steps; write a whole number from 0 up`);
  } else if (skip >= steps) {
    faults.push(`--skip: ${skip} leaves nothing to score; the file holds ${steps} steps`);
  }
  return skip;
}

function range(option: string, text: string, steps: number, faults: string[]): [number, number] {
  const match = /^(\d+):(\d+)$/.exec(text);
  const [a, b] = [Number(match?.[1]), Number(match?.[2])];
  if (!(a < b)) {
    faults.push(`${option}: "${text}" is no range; write FROM:TO, as in 0:1000 (TO is not in it)`);
  } else if (b > steps) {
    faults.push(`${option}: ${text} lies outside the file, which holds ${steps} steps`);
  }
  return [a, b];
}
