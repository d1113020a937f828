import { lastValueFrom, type Subscription } from 'rxjs';
import type { Config } from '../config/schema.ts';
import { SeriesRegistry } from '../decode/series.ts';
import { createIntake } from '../decode/stream-decoder.ts';
import { MemoryJournal } from '../journal/memory.ts';
import { type Accounting, sumAccounting } from '../observe/accounting.ts';
import { Incidents } from '../observe/incidents.ts';
import type { Logger } from '../observe/log.ts';
import { createReferenceEngine } from '../recurrent/reference.ts';
import { SinkDrain } from '../sink/drain.ts';
import type { Sink } from '../sink/sink.ts';
import type { Source } from '../source/source.ts';
import { MemoryOutbox } from '../store/memory-outbox.ts';
import type { SeriesPoints } from '../store/points.ts';
import { PipelineGate } from './gate.ts';
import { pipeline } from './pipeline.ts';
import { streamName, streamSettings } from './settings.ts';
import { Shard } from './shard.ts';

/** A recorded source waits while this many steps are unwritten; a live one never waits for sinks. */
const RECORDED_DEPTH_MAX = 10_000;
const INCIDENTS_FLUSH_MS = 5_000;

export interface DaemonParts {
  readonly source: Source;
  readonly sinks: readonly Sink[];
  /** false: a recorded stream, which may wait for the sinks and has an end. */
  readonly live: boolean;
  readonly log: Logger;
  /** Sees every batch of points as it is computed. */
  readonly onPoints?: (points: readonly SeriesPoints[]) => void;
}

/** One running pipeline: started once, stopped once. */
export class Daemon {
  readonly #config: Config;
  readonly #parts: DaemonParts;
  readonly #intake;
  readonly #shard: Shard;
  readonly #outbox: MemoryOutbox;
  readonly #drains: readonly SinkDrain[];
  readonly #gate: PipelineGate;
  readonly #incidents: Incidents;
  readonly #subscriptions: Subscription[] = [];
  #timer: NodeJS.Timeout | undefined;
  #finished: Promise<void> | undefined;

  constructor(config: Config, parts: DaemonParts) {
    this.#config = config;
    this.#parts = parts;
    this.#incidents = new Incidents(parts.log);
    this.#intake = createIntake(config.streams, new SeriesRegistry(), {
      live: parts.live,
      onRejection: (stream, where, rejection) =>
        this.#incidents.report(
          `stream ${stream}: ${rejection.verdict} (${rejection.reason})`,
          `${where}: ${rejection.detail}`,
        ),
    });
    this.#shard = new Shard(streamSettings(config), createReferenceEngine());
    this.#outbox = new MemoryOutbox(config.outbox.points_max);
    const depthMax = parts.live ? Number.POSITIVE_INFINITY : RECORDED_DEPTH_MAX;
    this.#gate = new PipelineGate(() => this.#outbox.depth, depthMax);
    this.#drains = parts.sinks.map((sink) => new SinkDrain(this.#outbox.reader(sink.name), sink));
  }

  /** Resolves when the input has ended or `stop` was called and all that was accepted is written. */
  run(): Promise<void> {
    this.#finished ??= this.#run();
    return this.#finished;
  }

  /** Stops intake; what was accepted is finished and written, then `run` resolves. */
  async stop(): Promise<void> {
    await this.#parts.source.stop();
    await this.#finished;
  }

  accounting(): Accounting {
    const streams = this.#config.streams.map(streamName);
    return sumAccounting(streams, [this.#intake.counts(), this.#shard.counts()]);
  }

  async #run(): Promise<void> {
    const { source, live, log, onPoints } = this.#parts;
    this.#timer = setInterval(() => this.#incidents.flush(), INCIDENTS_FLUSH_MS).unref();
    this.#subscriptions.push(source.events.subscribe((event) => logSourceEvent(log, event)));
    for (const drain of this.#drains) {
      drain.start();
    }
    const parts = { source, intake: this.#intake, shard: this.#shard, outbox: this.#outbox };
    const running = pipeline({ ...parts, journal: new MemoryJournal(), gate: this.#gate, live });
    try {
      await lastValueFrom(running.pipe(), { defaultValue: [] });
    } finally {
    }
  }
}
