/**
 * What a running daemon shows of itself. The page, the metrics, the MQTT topics and the requests read
 * nothing else of it, and nothing they do can hold it up.
 */
import type { Accounting } from './accounting.ts';
import type { LearnedView } from './learned-view.ts';

/** How a series fares, in one word; the first that holds, from below. */
export const SERIES_STATES = ['learning', 'good', 'drifting', 'stale', 'failing'] as const;
export type SeriesState = (typeof SERIES_STATES)[number];

/** A series at a glance. null: there is none, or it is not known yet. */
export interface SeriesSummary {
  readonly series: string;
  readonly stream: string;
  readonly kind: 'number' | 'symbol';
  /**
   * learning: too little is scored yet · good: forecasts are no worse than the last value, and the
   * interval holds what it should · drifting: the errors have changed lately, or the interval holds too
   * little · stale: several steps without a sample · failing: clearly worse than the last value
   */
  readonly state: SeriesState;
  /** Newest step with a value, and that value; of symbols their name. */
  readonly lastMs: number | null;
  readonly last: number | string | null;
  /** The forecast of the next step. */
  readonly next: NextForecast | null;
  /** Lately, at the first scored lead; against the last value. */
  readonly skill: number | null;
  /** Share of values that the widest interval held lately; null for symbols. */
  readonly coverage: number | null;
  /** What it should hold. */
  readonly nominal: number | null;
  /** How unusual the newest step was, in [0, 1]. */
  readonly anomaly: number | null;
  /** Newest values, the oldest first; null for gaps. Empty for symbols. */
  readonly spark: readonly (number | null)[];
}

/** The next step; of symbols the likeliest one, and how likely it is. */
export interface NextForecast {
  readonly targetMs: number;
  readonly mean: number | string;
  readonly lower: number | null;
  readonly upper: number | null;
  /** Of symbols. */
  readonly probability: number | null;
}

/** Where values come from. */
export interface SourceStatus {
  /** Address, without credentials. */
  readonly name: string;
  readonly connected: boolean;
  /** What was wrong last; null: nothing so far. */
  readonly trouble: string | null;
  /** Messages that were lost before they could be taken (QoS 0). */
  readonly dropped: number;
}

/** Where points go. */
export interface SinkStatus {
  readonly name: string;
  readonly available: boolean;
  readonly trouble: string | null;
  /** Steps. */
  readonly waiting: number;
  readonly written: number;
  readonly dropped: number;
  /** Points that the other side refused for good. */
  readonly rejected: number;
  readonly retries: number;
}

/** What is kept on disk; null in PipelineStatus where nothing is. */
export interface StateStatus {
  readonly dir: string;
  /** Share of the journal's room in use, in [0, 1]. */
  readonly journalFullness: number;
  readonly journalEntries: number;
  /** Series whose newest learning is in the journal alone. */
  readonly unsavedSeries: number;
  /** Series that an earlier run has left and that are not taken up yet. */
  readonly recoveringSeries: number;
}

export interface PipelineStatus {
  /** Changes with each start of the process. */
  readonly instance: string;
  readonly version: string;
  readonly nowMs: number;
  readonly startedMs: number;
  readonly paused: boolean;
  /** Why the newest configuration was not taken over, a line a fault; null: it was. */
  readonly configFault?: string | null;
  readonly source: SourceStatus;
  readonly sinks: readonly SinkStatus[];
  readonly state: StateStatus | null;
  /** By stream, since the counts began (with a state directory: over all runs). */
  readonly accounting: Accounting;
  /** Over the last ten seconds. */
  readonly rates: {
    readonly receivedPerSecond: number;
    readonly learnedPerSecond: number;
    readonly writtenPerSecond: number;
  };
  /** From a message's arrival to its points being put, over the last minute; null: nothing came. */
  readonly latencyMs: { readonly p50: number; readonly p99: number } | null;
  /** Over the last minute. */
  readonly eventLoopMs: { readonly p50: number; readonly p99: number };
  readonly residentBytes: number;
  /** Networks learn at every so many of their updates; above 1 under overload. */
  readonly thinFactor: number;
  readonly series: Readonly<Record<SeriesState, number>>;
}

export interface Monitor {
  pipeline(): PipelineStatus;
  /** Whether messages are taken, and forecasts made of them: connected, recovered so far as to forecast. */
  readonly ready: boolean;
  /** Why not, in words; undefined where it is ready. */
  readonly unreadyReason: string | undefined;
  /** All series, in order of first appearance. Cheap: nothing is copied but what is read. */
  readonly board: SeriesBoardView;
  /** What has been learned of a series and with it; undefined: there is no such series. */
  learned(series: string): Promise<LearnedView | undefined>;
}

/** How rows are chosen; all texts without regard to case. */
export interface RowQuery {
  /** Words that the name holds, all of them. */
  readonly search?: string;
  readonly state?: SeriesState;
  readonly stream?: string;
  readonly sort?: RowOrder;
  readonly descending?: boolean;
  readonly offset?: number;
  readonly limit?: number;
}

export const ROW_ORDERS = [
  'series',
  'state',
  'last',
  'lastMs',
  'skill',
  'coverage',
  'anomaly',
] as const;
export type RowOrder = (typeof ROW_ORDERS)[number];

export interface Rows {
  /** Series in all. */
  readonly total: number;
  /** Those that fit the query. */
  readonly matched: number;
  readonly rows: readonly SeriesSummary[];
}

export interface SeriesBoardView {
  readonly size: number;
  summary(series: string): SeriesSummary | undefined;
  rows(query: RowQuery): Rows;
  /**
   * @param lead default the first that is kept
   * @returns undefined where there is no such series, or forecasts of that lead are not kept
   */
  history(series: string, lead?: number): SeriesHistory | undefined;
}

/** What one series has done lately, as columns of equal length; times in ms. */
export interface SeriesHistory {
  /** Leads whose past forecasts are kept: those that are scored, or four of them. */
  readonly leads: readonly number[];
  readonly lead: number;
  /** Period of the grid; null: not known yet. */
  readonly everyMs: number | null;
  /** Steps, the oldest first. */
  readonly timeMs: readonly number[];
  /** null: a gap. Of symbols: the place in `symbols`. */
  readonly actual: readonly (number | null)[];
  /** What was forecast `lead` steps before; null: nothing was. Of symbols: the likeliest one’s place. */
  readonly forecast: readonly (number | null)[];
  readonly lower: readonly (number | null)[];
  readonly upper: readonly (number | null)[];
  readonly anomaly: readonly (number | null)[];
  /** Steps with a sure change of the errors. */
  readonly changes: readonly { readonly timeMs: number; readonly kind: string }[];
  readonly future: FutureForecast;
  /** Of a series of symbols: their names. */
  readonly symbols?: readonly string[];
}

/** The newest forecast, one cell a lead. */
export interface FutureForecast {
  readonly issuedMs: number | null;
  readonly targetMs: readonly number[];
  /** Of symbols: the likeliest one’s place. */
  readonly mean: readonly number[];
  /** The widest first; of symbols none. */
  readonly bands: readonly {
    readonly coverage: number;
    readonly lower: readonly number[];
    readonly upper: readonly number[];
  }[];
  /** Of symbols: [leads][symbols]. */
  readonly probability?: readonly (readonly number[])[];
}

/** What can be asked of a running daemon. Each throws an Error whose message is for the asker. */
export interface Control {
  /** Stops taking messages; what was taken is learned and written. The broker keeps what it can. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** The series begins anew with its next sample; what waits to be written still is. */
  forget(series: string): Promise<void>;
  /** Copies the state under this name. */
  snapshot(name: string): Promise<void>;
}

/** Something that runs beside the daemon, and is of no concern to it. */
export interface Companion {
  start(): Promise<void>;
  /** The daemon was told to stop, or its input has ended; it still finishes what was accepted. */
  stopping?(): void;
  stop(): Promise<void>;
}
