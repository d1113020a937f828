/** What a backtest found, as `--json` prints it; the tables and the report show the same. */
import type { StreamAccounting } from '../observe/accounting.ts';
import type { SeriesMetrics, WindowSums } from './metrics.ts';
import { BLOCK_STEPS, type LeadSums } from './sums.ts';

/** Mean squared and mean absolute error. */
export interface Errors {
  readonly mse: number;
  readonly mae: number;
}

export interface BandResult {
  /** What was promised, and what was held. */
  readonly nominal: number;
  readonly coverage: number;
  readonly width: number;
  readonly winkler: number;
}

/** One lead alone. Shares are in [0, 1]; skill is 1 − MAE ÷ MAE of the other. */
export interface LeadResult extends Errors {
  readonly lead: number;
  readonly scored: number;
  readonly mase: number;
  readonly smape: number;
  readonly pinball: number;
  /** Widest first. */
  readonly intervals: readonly BandResult[];
  /** Coverage of the widest interval in whole blocks of 500 steps. */
  readonly blocks: { readonly steps: number; readonly lowest: number; readonly highest: number };
  readonly lastValue: Errors;
  readonly seasonalNaive: Errors;
  readonly skill: { readonly lastValue: number; readonly seasonalNaive: number };
  /** Mean over time; empty where they are not told. */
  readonly weights: Readonly<Record<string, number>>;
}

/** One lead of a series of symbols. Shares in which a guess came true, and −ln of the probability. */
export interface SymbolResult {
  readonly lead: number;
  readonly scored: number;
  readonly likeliest: number;
  readonly lastAgain: number;
  readonly seasonAgain: number;
  readonly logLoss: number;
}

/** Leads 1..`lead` of all windows that lie whole in the scored range. */
export interface WindowResult extends Errors {
  readonly lead: number;
  readonly windows: number;
  readonly scored: number;
  readonly lastValue: Errors;
  readonly seasonalNaive: Errors;
}

export interface SeriesResult {
  readonly series: string;
  readonly steps: number;
  /** First and last target that was scored. */
  readonly from: string | null;
  readonly to: string | null;
  /** What errors are divided by; 1: the raw scale. */
  readonly scale: number;
  readonly changes: number;
  /** Over all leads to the horizon. */
  readonly overall: {
    readonly skill: { readonly lastValue: number; readonly seasonalNaive: number };
    readonly intervals: readonly Pick<BandResult, 'nominal' | 'coverage'>[];
  };
  /** In place of what follows, where the series is one of symbols. */
  readonly symbols?: readonly SymbolResult[];
  readonly leads: readonly LeadResult[];
  readonly windows: readonly WindowResult[];
}

export interface FileResult {
  readonly file: string;
  readonly every: string;
  readonly seasons: readonly string[];
  readonly horizon: number;
  readonly seconds: number;
  /** What became of the samples, stream by stream. */
  readonly samples: readonly StreamAccounting[];
  readonly series: readonly SeriesResult[];
  /** All series together, each point counted alike. */
  readonly all: readonly WindowResult[];
}

export function seriesResult(
  series: string,
  metrics: SeriesMetrics,
  leads: readonly number[],
): SeriesResult {
  const { scale } = metrics;
  const chosen = leads.filter((lead) => lead <= metrics.settings.horizon);
  const measured =
    metrics.symbols.size > 0
      ? { symbols: symbolResults(metrics), leads: [], windows: [] }
      : {
          leads: chosen.map((lead) => leadResult(metrics, lead)),
          windows: metrics.windows.map((sums) => windowResult(sums.lead, [{ sums, scale }])),
        };
  return {
    series,
    steps: metrics.steps,
    from: isoOrNull(metrics.firstScoredMs),
    to: isoOrNull(metrics.lastScoredMs),
    scale,
    changes: metrics.changes,
    overall: overall(metrics.leads),
    ...measured,
  };
}

function symbolResults({ symbols }: SeriesMetrics): SymbolResult[] {
  return [...symbols.values()].map((sums) => ({
    lead: sums.lead,
    scored: sums.count,
    likeliest: sums.hits / sums.count,
    lastAgain: sums.lastHits / sums.count,
    seasonAgain: sums.seasonalHits / sums.count,
    logLoss: sums.logLoss / sums.count,
  }));
}

/** The windows of all series together. */
export function allWindows(series: readonly SeriesMetrics[]): WindowResult[] {
  const numeric = series.filter(({ symbols }) => symbols.size === 0);
  const leads = numeric[0]?.settings.windowLeads ?? [];
  return leads.map((lead, i) => {
    const parts = numeric.flatMap(({ windows, scale }) => {
      const sums = windows[i];
      return sums?.lead === lead ? [{ sums, scale }] : [];
    });
    return windowResult(lead, parts);
  });
}

export function leadResult(metrics: SeriesMetrics, lead: number): LeadResult {
  const sums = metrics.leads[lead - 1]!;
  const { scale } = metrics;
  const n = sums.count;
  const mae = sums.absolute / n;
  return {
    lead,
    scored: n,
    mse: sums.squared / n / scale ** 2,
    mae: mae / scale,
    mase: mae / metrics.changeScale,
    smape: sums.symmetric / n,
    pinball: sums.pinball / scale,
    intervals: sums.bands.map((band) => ({
      nominal: band.coverage,
      coverage: band.inside / n,
      width: band.width / n / scale,
      winkler: band.winkler / n / scale,
    })),
    blocks: { steps: BLOCK_STEPS, lowest: sums.blockMin, highest: sums.blockMax },
    lastValue: {
      mse: sums.lastSquared / n / scale ** 2,
      mae: sums.lastAbsolute / n / scale,
    },
    seasonalNaive: {
      mse: sums.seasonalSquared / sums.seasonalCount / scale ** 2,
      mae: sums.seasonalAbsolute / sums.seasonalCount / scale,
    },
    skill: skills([sums]),
    weights: Object.fromEntries(metrics.weights.means(lead)),
  };
}

function overall(leads: readonly LeadSums[]): SeriesResult['overall'] {
  const count = total(leads, (sums) => sums.count);
  const bands = leads[0]?.bands ?? [];
  return {
    skill: skills(leads),
    intervals: bands.map(({ coverage }, i) => ({
      nominal: coverage,
      coverage: total(leads, (sums) => sums.bands[i]?.inside ?? 0) / count,
    })),
  };
}

function skills(leads: readonly LeadSums[]): LeadResult['skill'] {
  const sum = (of: (sums: LeadSums) => number): number => total(leads, of);
  return {
    lastValue: 1 - sum((s) => s.absolute) / sum((s) => s.lastAbsolute),
    seasonalNaive: 1 - sum((s) => s.paired) / sum((s) => s.seasonalAbsolute),
  };
}

interface Part {
  readonly sums: WindowSums;
  readonly scale: number;
}

function windowResult(lead: number, parts: readonly Part[]): WindowResult {
  const points = total(parts, ({ sums }) => sums.points);
  const seasonal = total(parts, ({ sums }) => sums.seasonalPoints);
  const mse = (of: (sums: WindowSums) => number, count: number): number =>
    total(parts, ({ sums, scale }) => of(sums) / scale ** 2) / count;
  const mae = (of: (sums: WindowSums) => number, count: number): number =>
    total(parts, ({ sums, scale }) => of(sums) / scale) / count;
  return {
    lead,
    windows: total(parts, ({ sums }) => sums.windows),
    scored: points,
    mse: mse((s) => s.squared, points),
    mae: mae((s) => s.absolute, points),
    lastValue: {
      mse: mse((s) => s.lastSquared, points),
      mae: mae((s) => s.lastAbsolute, points),
    },
    seasonalNaive: {
      mse: mse((s) => s.seasonalSquared, seasonal),
      mae: mae((s) => s.seasonalAbsolute, seasonal),
    },
  };
}

function total<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((sum, item) => sum + of(item), 0);
}

function isoOrNull(ms: number): string | null {
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}
