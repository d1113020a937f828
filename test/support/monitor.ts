/** A monitor and a control that do what the test tells them, for what stands beside the daemon. */
import { SeriesBoard } from '../../src/observe/board/series-board.ts';
import type { LearnedView } from '../../src/observe/learned-view.ts';
import type { Control, Monitor, PipelineStatus } from '../../src/observe/monitor.ts';
import { seriesPoints } from './points.ts';

const STATUS: PipelineStatus = {
  instance: 'i-1',
  version: '1.2.3',
  nowMs: 1_700_000_090_000,
  startedMs: 1_700_000_000_000,
  paused: false,
  source: { name: 'mqtt://broker', connected: true, trouble: null, dropped: 0 },
  sinks: [
    {
      name: 'influx http://db',
      available: true,
      trouble: null,
      waiting: 7,
      written: 5,
      dropped: 0,
      rejected: 0,
      retries: 0,
    },
  ],
  state: null,
  accounting: new Map([
    [
      'plant',
      { received: 3, learned: 2, duplicate: 0, late: 0, invalid: 1, filtered: 0, pending: 0 },
    ],
  ]),
  rates: { receivedPerSecond: 1, learnedPerSecond: 1, writtenPerSecond: 1 },
  latencyMs: null,
  eventLoopMs: { p50: 1, p99: 2 },
  residentBytes: 1,
  thinFactor: 1,
  series: { learning: 1, good: 0, drifting: 0, stale: 0, failing: 0 },
};

export class FakeMonitor implements Monitor {
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
