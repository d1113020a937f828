/** Monitors and a control that do what the test tells them, for what stands beside the daemon. */
import type { StreamAccounting } from '../../src/observe/accounting.ts';
import { SeriesBoard } from '../../src/observe/board/series-board.ts';
import type { LearnedView } from '../../src/observe/learned-view.ts';
import type {
  Control,
  Monitor,
  PipelineStatus,
  RowQuery,
  SeriesBoardView,
  SeriesSummary,
} from '../../src/observe/monitor.ts';
import { seriesPoints } from './points.ts';

/** A daemon that runs well: one source, one sink, one stream. */
export function pipelineStatus(status: Partial<PipelineStatus> = {}): PipelineStatus {
  return {
    instance: 'i1',
    version: '0.1.0',
    nowMs: 90_500,
    startedMs: 30_000,
    paused: false,
    source: { name: 'mqtt://broker:1883', connected: true, trouble: null, dropped: 3 },
    sinks: [sinkStatus('influx http://db:8086')],
    state: {
      dir: '/var/lib/foretide',
      journalFullness: 0.25,
      journalEntries: 1200,
      unsavedSeries: 4,
      recoveringSeries: 0,
    },
    accounting: new Map([['sensors', account(100)]]),
    rates: { receivedPerSecond: 10, learnedPerSecond: 9, writtenPerSecond: 9 },
    latencyMs: { p50: 4, p99: 25 },
    eventLoopMs: { p50: 1, p99: 12 },
    residentBytes: 100_000_000,
    thinFactor: 1,
    series: { learning: 0, good: 0, drifting: 0, stale: 0, failing: 0 },
    ...status,
  };
}

export function sinkStatus(name: string): PipelineStatus['sinks'][number] {
  return {
    name,
    available: true,
    trouble: null,
    waiting: 7,
    written: 80,
    dropped: 2,
    rejected: 1,
    retries: 5,
  };
}

/** So many received: all but 15 learned, and some of each other kind. */
export function account(received: number): StreamAccounting {
  return {
    received,
    learned: received - 15,
    duplicate: 1,
    late: 2,
    invalid: 3,
    filtered: 4,
    pending: 5,
  };
}

export function seriesSummary(series: string, summary: Partial<SeriesSummary> = {}): SeriesSummary {
  return {
    series,
    stream: 'sensors',
    kind: 'number',
    state: 'good',
    lastMs: 90_000,
    last: 20,
    next: null,
    skill: 0.2,
    coverage: 0.9,
    nominal: 0.9,
    anomaly: 0.1,
    spark: [],
    ...summary,
  };
}

/** Shows what it is told. */
export class ToldMonitor implements Monitor {
  status: PipelineStatus;
  unreadyReason: string | undefined;
  /** How often rows were asked for, and how many at most. */
  readonly pages: number[] = [];
  readonly #series: readonly SeriesSummary[];

  constructor(status = pipelineStatus(), series: readonly SeriesSummary[] = []) {
    this.status = status;
    this.#series = series;
  }

  get ready(): boolean {
    return this.unreadyReason === undefined;
  }

  pipeline(): PipelineStatus {
    return this.status;
  }

  get board(): SeriesBoardView {
    const series = this.#series;
    return {
      size: series.length,
      summary: (name) => series.find((one) => one.series === name),
      history: () => undefined,
      rows: ({ offset = 0, limit = 50 }: RowQuery) => {
        const rows = series.slice(offset, offset + limit);
        this.pages.push(rows.length);
        return { total: series.length, matched: series.length, rows };
      },
    };
  }

  async learned(): Promise<undefined> {}
}

const STATUS = pipelineStatus({
  version: '1.2.3',
  nowMs: 1_700_000_090_000,
  startedMs: 1_700_000_000_000,
  sinks: [{ ...sinkStatus('influx http://db'), written: 5, dropped: 0, rejected: 0, retries: 0 }],
  state: null,
  accounting: new Map([
    [
      'plant',
      { received: 3, learned: 2, duplicate: 0, late: 0, invalid: 1, filtered: 0, pending: 0 },
    ],
  ]),
  latencyMs: null,
  series: { learning: 1, good: 0, drifting: 0, stale: 0, failing: 0 },
});

/** Shows what its board has. */
export class BoardMonitor implements Monitor {
  ready = true;
  unreadyReason: string | undefined;
  readonly board: SeriesBoard;
  /** Known, though they are on no board. */
  readonly silent = new Set<string>();

  /** @param names `stream:series` */
  constructor(names: readonly string[] = []) {
    const stream = { scoreLeads: [1], coverage: [0.9] };
    this.board = new SeriesBoard({ historySteps: 60, streamOf: () => stream });
    this.add(...names);
  }

  add(...names: readonly string[]): void {
    for (const name of names) {
      const [stream = '', series = ''] = name.split(':');
      this.board.add([seriesPoints({ stream, series })]);
    }
  }

  pipeline(): PipelineStatus {
    return STATUS;
  }

  async learned(series: string): Promise<LearnedView | undefined> {
    return this.silent.has(series) ? { newestMs: null, channels: [] } : undefined;
  }
}

/** Notes what is asked; `wait` holds it up, `fail` lets it fail. */
export class FakeControl implements Control {
  readonly calls: string[] = [];
  wait: Promise<void> = Promise.resolve();
  fail: string | undefined;

  pause = (): Promise<void> => this.#call('pause');
  resume = (): Promise<void> => this.#call('resume');
  forget = (series: string): Promise<void> => this.#call(`forget ${series}`);
  snapshot = (name: string): Promise<void> => this.#call(`snapshot ${name}`);

  async #call(what: string): Promise<void> {
    this.calls.push(what);
    await this.wait;
    if (this.fail) throw new Error(this.fail);
  }
}
