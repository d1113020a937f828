/** What the first samples of a series tell about its grid. */
import type { AlignSettings } from './aligner.ts';
import { binGrid, centredGrid, type Grid, monthGrid } from './grid.ts';

/** Samples that are looked at before the grid is fixed. */
export const CADENCE_SAMPLES = 8;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Periods that people choose, ms. */
const NICE_MS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 250, 500],
  ...[1, 2, 5, 10, 15, 20, 30].map((n) => n * SECOND),
  ...[1, 2, 3, 5, 6, 10, 12, 15, 20, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 4, 6, 8, 12].map((n) => n * HOUR),
  ...[1, 7].map((n) => n * DAY),
];
const NICE_TOLERANCE = 0.1;
/** Differences this near to the median count as regular … */
const REGULAR_TOLERANCE = 0.25;
/** … and so many of them must be. */
const REGULAR_SHARE = 0.6;
/** A phase this near to 0, in periods, is 0. */
const PHASE_TOLERANCE = 0.02;

export interface Cadence {
  readonly grid: Grid;
  /** One sample a step, or several put together. */
  readonly mode: 'none' | 'mean' | 'last' | 'min' | 'max' | 'sum';
}

/** Whether the grid follows from the settings alone. */
export function isSettled({ every, aggregate }: AlignSettings): boolean {
  return every !== undefined && aggregate !== 'auto';
}

/**
 * @param timesMs ascending and distinct; at least two where the settings leave something open
 */
export function judgeCadence(timesMs: readonly number[], settings: AlignSettings): Cadence {
  const steps = timesMs.slice(1).map((time, i) => time - timesMs[i]!);
  steps.sort((a, b) => a - b);
  const median = steps[steps.length >> 1] ?? 0;
  const regular = steps.filter((s) => Math.abs(s - median) <= REGULAR_TOLERANCE * median).length;
  const isRegular = regular >= REGULAR_SHARE * steps.length;

  const { every, aggregate } = settings;
  // Irregular samples: a step long enough that most hold a sample.
  const learnedMs = nicePeriodMs(isRegular ? median : steps[Math.floor(steps.length * 0.75)]!);
  const everyMs = every === undefined ? learnedMs : 'ms' in every ? every.ms : undefined;
  const oneEach =
    every === undefined ? isRegular : median >= (1 - REGULAR_TOLERANCE) * periodMs(every);
  const mode = aggregate === 'auto' ? (oneEach ? 'none' : 'mean') : aggregate;

  if (every && 'months' in every) return { grid: monthGrid(every.months), mode };
  if (mode !== 'none') return { grid: binGrid(everyMs!), mode };
  return { grid: centredGrid(everyMs!, phaseMs(timesMs, everyMs!)), mode };
}

function periodMs(every: NonNullable<AlignSettings['every']>): number {
  return 'ms' in every ? every.ms : monthGrid(every.months).everyMs;
}

/** The period that people would have chosen, where one is near. */
function nicePeriodMs(ms: number): number {
  const nice = NICE_MS.find((n) => Math.abs(ms - n) <= NICE_TOLERANCE * n);
  return nice ?? Math.max(1, Math.round(ms));
}

/**
 * Where in the period the samples lie: exactly there when they all agree; else their middle in
 * tenths of the period, so that another start finds the same labels.
 */
function phaseMs(timesMs: readonly number[], everyMs: number): number {
  const first = mod(timesMs[0]!, everyMs);
  const offsets = timesMs.map((time) => centred(time - first, everyMs)).sort((a, b) => a - b);
  const exact = offsets[0] === offsets.at(-1);
  const middle = mod(first + offsets[offsets.length >> 1]!, everyMs);
  const share = middle / everyMs;
  if (share <= PHASE_TOLERANCE || share >= 1 - PHASE_TOLERANCE) return 0;
  return exact ? middle : (mod(Math.round(share * 10), 10) / 10) * everyMs;
}

function mod(value: number, period: number): number {
  return value - period * Math.floor(value / period);
}

/** The distance to the nearest multiple of the period. */
function centred(value: number, period: number): number {
  return value - period * Math.round(value / period);
}
