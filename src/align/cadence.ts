/** What the first samples of a series tell about its grid. */
import type { ByteReader, ByteWriter } from '../store/bytes.ts';
import type { AlignSettings } from './aligner.ts';
import { binGrid, centredGrid, type Grid, loadGrid, monthGrid, saveGrid } from './grid.ts';

/** Samples that are looked at to learn a period, and to tell what a given one means. */
const SAMPLES_PERIOD = 8;
const SAMPLES_MODE = 3;
/** Messages that waited for us arrive in a burst: arrival times are not trusted below this. */
const ARRIVAL_PERIOD_MS_MIN = 100;

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
/** … where the samples themselves are not more exact than that. */
const EXACT_TOLERANCE = 0.02;
/** Differences this near to the median count as regular … */
const REGULAR_TOLERANCE = 0.25;
/** … and so many of them must be. */
const REGULAR_SHARE = 0.6;
/** A phase this near to 0, in periods, is 0. */
const PHASE_TOLERANCE = 0.02;

const MODES = ['none', 'mean', 'last', 'min', 'max', 'sum', 'first'] as const;

export interface Cadence {
  readonly grid: Grid;
  /** One sample a step, or several put together. */
  readonly mode: (typeof MODES)[number];
}

/** How many samples it takes to fix the grid, given the newest one's time. */
export function samplesNeeded({ every, aggregate }: AlignSettings, timeMs: number): number {
  if (every === undefined) return SAMPLES_PERIOD;
  if (aggregate === 'auto') return SAMPLES_MODE;
  // One sample a step that comes off the grid: how far off they usually come takes a few.
  const offGrid = aggregate === 'none' && 'ms' in every && timeMs % every.ms !== 0;
  return offGrid ? SAMPLES_MODE : 1;
}

/**
 * @param timesMs ascending and distinct; at least two where the settings leave something open
 */
export function judgeCadence(timesMs: readonly number[], settings: AlignSettings): Cadence {
  const steps = timesMs.slice(1).map((time, i) => time - timesMs[i]!);
  steps.sort((a, b) => a - b);
  const median = steps[steps.length >> 1] ?? 0;
  const regular = steps.filter((s) => Math.abs(s - median) <= REGULAR_TOLERANCE * median).length;
  const isExact = steps.every((s) => Math.abs(s - median) <= EXACT_TOLERANCE * median);
  const isRegular = regular >= REGULAR_SHARE * steps.length;

  const { every, aggregate } = settings;
  // Irregular samples: a step long enough that most hold a sample.
  const typicalMs = isRegular ? median : steps[Math.floor(steps.length * 0.75)]!;
  const leastMs = settings.receiveTime ? ARRIVAL_PERIOD_MS_MIN : 1;
  const learnedMs = Math.max(
    leastMs,
    nicePeriodMs(typicalMs, isExact ? EXACT_TOLERANCE : NICE_TOLERANCE),
  );
  const everyMs = every === undefined ? learnedMs : 'ms' in every ? every.ms : undefined;
  const oneEach =
    every === undefined
      ? isRegular && median >= leastMs
      : median >= (1 - REGULAR_TOLERANCE) * periodMs(every);
  const several = settings.several ?? 'mean';
  const mode = aggregate === 'auto' ? (oneEach ? 'none' : several) : aggregate;

  if (every && 'months' in every) return { grid: monthGrid(every.months), mode };
  if (mode !== 'none') return { grid: binGrid(everyMs!), mode };
  return { grid: centredGrid(everyMs!, phaseMs(timesMs, everyMs!)), mode };
}

function periodMs(every: NonNullable<AlignSettings['every']>): number {
  return 'ms' in every ? every.ms : monthGrid(every.months).everyMs;
}

/** The period that people would have chosen, where one is near. */
function nicePeriodMs(ms: number, tolerance: number): number {
  const nice = NICE_MS.find((n) => Math.abs(ms - n) <= tolerance * n);
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

export function saveCadence({ grid, mode }: Cadence, out: ByteWriter): void {
  saveGrid(grid, out);
  out.number(MODES.indexOf(mode));
}

/** @throws Error when the settings now ask for another grid, or the bytes are damaged */
export function loadCadence(from: ByteReader, { every, aggregate }: AlignSettings): Cadence {
  const grid = loadGrid(from);
  const index = from.number();
  const mode = MODES[index];
  if (!mode) throw new Error(`saved grid: damaged, its aggregate is ${index}`);
  const { shape, everyMs } = grid;
  const fits =
    every === undefined ||
    ('months' in every
      ? shape.kind === 'month' && shape.months === every.months
      : shape.kind !== 'month' && everyMs === every.ms);
  if (!fits) throw new Error(`saved grid: steps of ${everyMs} ms, but "every" is now another`);
  if (aggregate !== 'auto' && aggregate !== mode) {
    throw new Error(`saved grid: aggregate is "${mode}", but these settings need "${aggregate}"`);
  }
  return { grid, mode };
}
