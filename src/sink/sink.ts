import type { Observable } from 'rxjs';
import type { SeriesPoints } from '../store/points.ts';

/** The other side is away or busy: the same batch will be offered again, after a back-off. */
export class SinkUnavailable extends Error {
  override readonly name = 'SinkUnavailable';
  constructor(
    message: string,
    /** `slow`: trying soon again does harm (wrong password, quota); wait for the longest back-off. */
    readonly pace: 'normal' | 'slow' = 'normal',
    /** The other side has asked for a wait of so long. */
    readonly waitMs = 0,
  ) {
    super(message);
  }
}

/** A sink cannot be set up, and the user can mend it; `exitCode` is for the command line. */
export class SinkStartError extends Error {
  override readonly name = 'SinkStartError';
  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
  }
}

/** A point that the other side will never take: said with its reason, counted, and left out. */
export interface RejectedPoint {
  readonly series: string;
  readonly detail: string;
  /** Of so many points together, of this series and others; absent: of one. */
  readonly count?: number;
}

/** How a sink wants to be fed. */
export interface Pacing {
  /** Most steps a `write`. */
  readonly batchSteps: number;
  /** Longest wait before a batch that is not full is written. */
  readonly flushMs: number;
  /** First wait after a failure; doubles, with jitter. */
  readonly retryMsMin: number;
  readonly retryMsMax: number;
}

/** The contract of every output. */
export interface Sink {
  /** For logs and metrics: `influx http://host:8086/db`. */
  readonly name: string;
  /** Where the drain's defaults do not fit. */
  readonly pacing?: Partial<Pacing>;
  /**
   * The other side keeps points by their time, so that fresh ones may come before older ones that
   * have waited; without forecasts that a fresh one has overwritten (see OutboxReader.split).
   */
  readonly interleaves?: boolean;
  /** What the user should know, once: `created database foretide`. */
  readonly notices?: Observable<string>;
  /**
   * Reaches the other side before there is anything to write, so that trouble shows at the start.
   * @throws SinkUnavailable
   */
  prepare?(): Promise<void>;
  /**
   * Writes all of the batch, in its order; resolves with what was refused for good.
   * @throws SinkUnavailable when nothing is known to be lost and the batch should be offered again.
   */
  write(batch: readonly SeriesPoints[]): Promise<readonly RejectedPoint[]>;
  /** Flushes and disconnects. */
  close(): Promise<void>;
}
