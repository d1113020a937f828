/** For tests of the page’s requests: a monitor to look at, and a reader of server-sent events. */
import { SeriesBoard } from '../../src/observe/board/series-board.ts';
import type { LearnedView } from '../../src/observe/learned-view.ts';
import type { Monitor, PipelineStatus } from '../../src/observe/monitor.ts';

const NOW_MS = 1_800_000_000_000;

/** Like a daemon’s; what is to change is set. */
export class StandInMonitor implements Monitor {
  readonly board = new SeriesBoard({
    historySteps: 60,
    streamOf: () => ({ scoreLeads: [1, 2], coverage: [0.9] }),
    clock: () => NOW_MS,
  });
  unreadyReason: string | undefined;
  learnedOf: (series: string) => LearnedView | undefined = () => undefined;
  /** How often somebody asked. */
  asked = 0;

  get ready(): boolean {
    return this.unreadyReason === undefined;
  }

  async learned(series: string): Promise<LearnedView | undefined> {
    this.asked++;
    return this.learnedOf(series);
  }

  pipeline(): PipelineStatus {
    return {
      ...{ instance: 'one', version: '1.2.3', nowMs: NOW_MS, startedMs: NOW_MS, paused: false },
      source: { name: 'mqtt://there', connected: true, trouble: null, dropped: 0 },
      sinks: [],
      state: null,
      accounting: new Map([['plant', { received: 3, learned: 3, ...NOTHING }]]),
      rates: { receivedPerSecond: 1, learnedPerSecond: 1, writtenPerSecond: 0 },
      latencyMs: null,
      eventLoopMs: { p50: 0, p99: 0 },
      residentBytes: 1,
      thinFactor: 1,
      series: this.board.states(),
    };
  }
}

const NOTHING = { duplicate: 0, late: 0, invalid: 0, filtered: 0, pending: 0 };

export interface ServerEvent {
  readonly event: string;
  readonly data: unknown;
}

/** The events of a stream, as they come; ends with it. @throws where the connection breaks */
export async function* serverEvents(response: Response): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    rest += decoder.decode(chunk, { stream: true });
    const blocks = rest.split('\n\n');
    rest = blocks.pop()!;
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((line) => line.split(/: (.*)/s) as [string, string]),
      );
      const event = fields.get('event');
      if (event) yield { event, data: JSON.parse(fields.get('data')!) as unknown };
    }
  }
}
