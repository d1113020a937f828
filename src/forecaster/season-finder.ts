/**
 * The seasons of a series, from its autocorrelation. For a candidate season S:
 *
 *     y = x − centred mean over S steps            trend and slow wandering are gone
 *     r = correlation of y with itself S steps ago
 *     se² = Σ_{|k| ≤ S/2} ρ_k² / n                 Bartlett: the smoother y, the less a pair tells
 *
 * S is a season where r is large and many standard errors above 0. In a random walk y is smooth, so
 * se is large and r about 0; in noise r is within a few se.
 *
 * Candidates are cadences (hour, day, week, year) and peaks of the autocorrelation. They are tried
 * from the shortest on, each on what the profiles of those before it leave over; so a multiple of a
 * season is none of its own, unless it has a shape that the season has not (a week of days).
 *
 * M. S. Bartlett: On the theoretical specification and sampling properties of autocorrelated
 * time-series. Journal of the Royal Statistical Society (supplement) 8, 1946.
 */
import { autocorrelation, autocorrelationAt } from './autocorrelation.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const YEAR_MS = 365.25 * DAY_MS;
const CADENCES_MS = [HOUR_MS, DAY_MS, 7 * DAY_MS, YEAR_MS];
const SEASONS_MAX = 2;
const SEASON_STEPS_MIN = 4;
/** A candidate must have come round so often. */
const CYCLES_MIN = 3;
/** Least r, and standard errors above 0: fewer for a cadence, which is no pick of many. */
const CORRELATION_MIN = 0.15;
const EVIDENCE_CADENCE = 2.5;
const EVIDENCE_PEAK = 4;
/** A season that is known stays with so much of it. */
const KNOWN_SHARE = 0.6;
/** By how much a multiple must be better than the season itself on what that leaves over. */
const MULTIPLE_GAIN = 0.15;
/** By how much its autocorrelation stands above those half a season to both sides. */
const PEAK_MIN = 0.1;
/** A peak's length is told more exactly by its multiples. */
const REFINE_SHARE = 0.05;
const REFINE_MULTIPLES = 8;
/** Peaks tried in an octave of lags. */
const PEAKS_AN_OCTAVE = 2;
/** So many lags are quicker one by one than all at once. */
const DIRECT_LAGS_MAX = 12;
/** Bound on y, in mean sizes of y: one spike is no season. */
const OUTLIER = 8;

/** Cadences up to so long, and the rhythm that data of such a cadence mostly have. */
const LIKELY_MS = [
  [10_000, HOUR_MS],
  [12 * HOUR_MS, DAY_MS],
  [DAY_MS, 7 * DAY_MS],
  [Number.POSITIVE_INFINITY, YEAR_MS],
] as const;

/** The rhythm that data of such a cadence mostly have: an hour, a day, a week or a year. */
export function likelySeasonMs(everyMs: number): number {
  const [, season] = LIKELY_MS.find(([most]) => everyMs <= most)!;
  return season;
}

/** What to begin with, while nothing can be found yet; none that could not be found in what is kept. */
export function likelySeasons(everyMs: number, keptSteps: number): number[] {
  const steps = Math.round(likelySeasonMs(everyMs) / everyMs);
  return steps >= SEASON_STEPS_MIN && steps <= longestSeason(keptSteps) ? [steps] : [];
}

function longestSeason(keptSteps: number): number {
  return Math.floor(keptSteps / CYCLES_MIN);
}

interface Tested {
  readonly correlation: number;
  readonly evidence: number;
  readonly peak: number;
}

/**
 * @param values oldest first, without gaps
 * @param known the seasons found before: kept on less evidence
 * @returns seasons in steps, ascending; none where nothing is sure
 */
export function findSeasons(
  values: Float64Array,
  everyMs: number,
  known: readonly number[] = [],
): number[] {
  const longest = longestSeason(values.length);
  const cadences = CADENCES_MS.map((ms) => Math.round(ms / everyMs)).filter(
    (steps) => steps >= SEASON_STEPS_MIN && steps <= longest,
  );
  const found: number[] = [];
  let rest: Float64Array = values;
  for (const season of candidates(values, longest, cadences, known)) {
    const share = known.includes(season) ? KNOWN_SHARE : 1;
    const evidence = cadences.includes(season) ? EVIDENCE_CADENCE : EVIDENCE_PEAK;
    const tested = test(rest, season);
    if (tested.correlation < CORRELATION_MIN * share) continue;
    if (tested.evidence < evidence * share || tested.peak < PEAK_MIN * share) continue;
    const base = found.find((shorter) => isMultiple(season, shorter));
    if (base !== undefined) {
      if (tested.correlation < test(rest, base).correlation + MULTIPLE_GAIN * share) continue;
      // What seemed a season was but a part of this one.
      if (!cadences.includes(base)) found.splice(found.indexOf(base), 1);
    }
    found.push(season);
    if (found.length === SEASONS_MAX) break;
    rest = withoutProfile(rest, season);
  }
  return found;
}

/** Ascending. A peak beside a cadence is that cadence. */
function candidates(
  values: Float64Array,
  longest: number,
  cadences: readonly number[],
  known: readonly number[],
): number[] {
  const sure = [...cadences, ...known.filter((season) => season <= longest)];
  const near = (steps: number) => sure.some((s) => Math.abs(s - steps) <= 1 + 0.03 * s);
  const peaks = [];
  for (let most = 2 * SEASON_STEPS_MIN; most < 2 * longest; most *= 2) {
    peaks.push(...peaksOf(values, most / 2, Math.min(most, longest)));
  }
  return [...new Set([...sure, ...peaks.filter((peak) => !near(peak))])].sort((a, b) => a - b);
}

/** The highest local maxima of the autocorrelation at lags of (least, most]. */
function peaksOf(values: Float64Array, least: number, most: number): number[] {
  const rho = autocorrelation(detrended(values, Math.min(2 * most, values.length >> 1)));
  const peaks: [lag: number, height: number][] = [];
  for (let lag = least + 1; lag <= most; lag++) {
    const height = rho[lag]!;
    const reach = Math.max(1, Math.floor(lag / 8));
    let highest = height >= CORRELATION_MIN * KNOWN_SHARE;
    for (let d = 1; d <= reach && highest; d++) {
      highest = height >= Math.max(rho[lag - d]!, rho[lag + d] ?? -1);
    }
    if (highest) peaks.push([refined(rho, lag), height]);
  }
  peaks.sort((a, b) => b[1] - a[1]);
  return peaks.slice(0, PEAKS_AN_OCTAVE).map(([lag]) => lag);
}

/** The lag about `peak` whose multiples correlate most: they tell its length more exactly. */
function refined(rho: Float64Array, peak: number): number {
  const reach = Math.max(1, Math.round(REFINE_SHARE * peak));
  const times = Math.min(REFINE_MULTIPLES, Math.floor((rho.length - 1) / (peak + reach)));
  let best = peak;
  let most = Number.NEGATIVE_INFINITY;
  for (let lag = peak - reach; lag <= peak + reach; lag++) {
    let sum = 0;
    for (let m = 1; m <= times; m++) sum += rho[m * lag]!;
    if (sum > most) [best, most] = [lag, sum];
  }
  return best;
}

function test(values: Float64Array, season: number): Tested {
  const own = detrended(values, season);
  const r = autocorrelationAt(own, season);
  const wide = detrended(values, Math.min(3 * season, values.length >> 1));
  const beside = [season >> 1, (3 * season) >> 1].map((lag) => autocorrelationAt(wide, lag));
  return {
    correlation: r,
    evidence: r / Math.sqrt(smoothness(own, season >> 1) / (values.length - season)),
    peak: autocorrelationAt(wide, season) - (beside[0]! + beside[1]!) / 2,
  };
}

/** Σ ρ_k² over |k| ≤ reach. */
function smoothness(y: Float64Array, reach: number): number {
  const all = reach > DIRECT_LAGS_MAX ? autocorrelation(y) : undefined;
  let sum = 1;
  for (let lag = 1; lag <= reach; lag++) sum += 2 * (all?.[lag] ?? autocorrelationAt(y, lag)) ** 2;
  return sum;
}

/** Minus the centred mean over `window` steps, carried on by a line at both ends; bounded. */
function detrended(values: Float64Array, window: number): Float64Array {
  const n = values.length;
  const half = window >> 1;
  const even = window % 2 === 0;
  const sums = new Float64Array(n + 1);
  for (let i = 0; i < n; i++) sums[i + 1] = sums[i]! + values[i]!;
  const mean = (i: number) => {
    const sum = sums[i + half + 1]! - sums[i - half]!;
    return even ? (sum - (values[i - half]! + values[i + half]!) / 2) / window : sum / window;
  };
  const last = n - 1 - half;
  const reach = Math.max(1, Math.min(half, last - half));
  const rising = (mean(half + reach) - mean(half)) / reach;
  const leaving = (mean(last) - mean(last - reach)) / reach;
  const y = new Float64Array(n);
  let size = 0;
  for (let i = 0; i < n; i++) {
    let trend: number;
    if (i < half) trend = mean(half) + rising * (i - half);
    else if (i > last) trend = mean(last) + leaving * (i - last);
    else trend = mean(i);
    y[i] = values[i]! - trend;
    size += Math.abs(y[i]!) / n;
  }
  for (let i = 0; i < n; i++) y[i] = Math.max(-OUTLIER * size, Math.min(OUTLIER * size, y[i]!));
  return y;
}

/** Minus the mean of each phase. */
function withoutProfile(values: Float64Array, season: number): Float64Array {
  const y = detrended(values, season);
  const mean = new Float64Array(season);
  for (let phase = 0; phase < season; phase++) {
    let count = 0;
    for (let i = phase; i < y.length; i += season) mean[phase]! += (y[i]! - mean[phase]!) / ++count;
  }
  return values.map((value, i) => value - mean[i % season]!);
}

function isMultiple(season: number, shorter: number): boolean {
  const times = Math.round(season / shorter);
  return times >= 2 && Math.abs(season - times * shorter) <= 1 + 0.02 * season;
}
