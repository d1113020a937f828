/** Gathers what a running daemon shows of itself; see observe/monitor.ts. */
import { randomUUID } from 'node:crypto';
import type { Subscription } from 'rxjs';
import type { Config } from '../config/schema.ts';
import type { SeriesRegistry } from '../decode/series.ts';
import type { Accounting } from '../observe/accounting.ts';
import { SPARK_STEPS } from '../observe/board/board-series.ts';
import { SeriesBoard } from '../observe/board/series-board.ts';
import type { LearnedView } from '../observe/learned-view.ts';
import { LoopDelay } from '../observe/loop-delay.ts';
import type { Monitor, PipelineStatus, SinkStatus, SourceStatus } from '../observe/monitor.ts';
import { Rates } from '../observe/rate.ts';
import { RecentTimes } from '../observe/recent-times.ts';
import { VERSION } from '../observe/version.ts';
import type { DrainEvent, SinkDrain } from '../sink/drain.ts';
import { receiveNowMs } from '../source/receive-clock.ts';
import type { Source, SourceEvent } from '../source/source.ts';
import type { SeriesPoints } from '../store/points.ts';
import type { Core } from './core.ts';
import type { DurableState } from './durable-state.ts';
import type { StreamSettings } from './settings.ts';

const RATES_OVER_MS = 10_000;
const MARK_MS = 1_000;

export interface MonitorParts {
  readonly source: Source;
  /** As they are now. */
  readonly settings: ReadonlyMap<string, StreamSettings>;
  readonly registry: SeriesRegistry;
  readonly core: Core;
  readonly drains: readonly SinkDrain[];
  readonly durable: DurableState | undefined;
  /** What the daemon itself can tell. */
  readonly daemon: {
    accounting(): Accounting;
    readonly thinFactor: number;
    readonly configFault: string | null;
  };
}

export class DaemonMonitor implements Monitor {
  /** Kept where somebody looks at it, and as much of it as they see. */
  readonly board: SeriesBoard;
  /** Whether messages are left where they are; told by who sees to that. */
  paused = false;
  stopping = false;
  readonly #parts: MonitorParts;
  readonly #keepsBoard: boolean;
  readonly #instance = randomUUID();
  readonly #startedMs = Date.now();
  readonly #rates = new Rates(RATES_OVER_MS);
  readonly #latency = new RecentTimes();
  readonly #loop = new LoopDelay();
  readonly #subscriptions: Subscription[] = [];
  /** By sink: what was wrong last. */
  readonly #sinkTrouble = new Map<string, string>();
  #source: SourceStatus;
  #timer: NodeJS.Timeout | undefined;

  constructor(config: Config, parts: MonitorParts) {
    const { source, durable } = parts;
    this.#parts = parts;
    this.#source = {
      name: sourceName(config, source),
      // A file is there or not.
      connected: source.url === undefined,
      trouble: null,
      dropped: 0,
    };
    const steps = boardSteps(config);
    this.#keepsBoard = steps !== undefined;
    this.board = new SeriesBoard({
      historySteps: steps ?? 0,
      streamOf: (stream) => {
        const own = parts.settings.get(stream);
        const every = own?.align.every;
        return own && { ...own, everyMs: every && 'ms' in every ? every.ms : undefined };
      },
    });
    const known = durable?.knownSummaries() ?? [];
    if (!this.#keepsBoard) return;
    for (const { info, summary } of known) {
      const isSymbol = parts.settings.get(info.stream)?.symbolsMax !== undefined;
      this.board.recall(info.name, info.stream, isSymbol, summary);
    }
  }

  start(): void {
    const { source, drains } = this.#parts;
    this.#subscriptions.push(source.events.subscribe((event) => this.#onSource(event)));
    for (const drain of drains) this.watch(drain);
    this.#loop.start();
    this.#mark();
    this.#timer = setInterval(() => this.#mark(), MARK_MS).unref();
  }

  /** A sink that has come while it runs. */
  watch({ name, events }: SinkDrain): void {
    this.#subscriptions.push(events.subscribe((event) => this.#onDrain(name, event)));
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#loop.stop();
    for (const subscription of this.#subscriptions.splice(0)) subscription.unsubscribe();
  }

  /** Points of messages that came then have been put. */
  put(receivedMs: readonly number[]): void {
    if (receivedMs.length === 0) return;
    const nowMs = receiveNowMs();
    for (const atMs of receivedMs) this.#latency.add(nowMs - atMs);
  }

  computed(points: readonly SeriesPoints[]): void {
    if (this.#keepsBoard) this.board.add(points);
  }

  get ready(): boolean {
    return this.unreadyReason === undefined;
  }

  get unreadyReason(): string | undefined {
    const { durable } = this.#parts;
    const { connected, name, trouble } = this.#source;
    if (this.#timer === undefined) return 'not started';
    if (this.stopping) return 'stopping';
    if (this.paused) return 'paused';
    if (!connected) return `not connected to ${name}${trouble ? `: ${trouble}` : ''}`;
    const recovering = durable?.recoveringSeries ?? 0;
    if (recovering > 0) return `recovering: ${recovering} series are not taken up yet`;
    return durable?.trouble;
  }

  pipeline(): PipelineStatus {
    const { drains, durable, daemon } = this.#parts;
    const [received, learned, written] = this.#rates.perSecond(3);
    return {
      instance: this.#instance,
      version: VERSION,
      nowMs: Date.now(),
      startedMs: this.#startedMs,
      paused: this.paused,
      configFault: daemon.configFault,
      source: this.#source,
      sinks: drains.map((drain) => this.#sinkStatus(drain)),
      state: durable?.status() ?? null,
      accounting: daemon.accounting(),
      rates: {
        receivedPerSecond: received!,
        learnedPerSecond: learned!,
        writtenPerSecond: written!,
      },
      latencyMs: this.#latency.percentiles() ?? null,
      eventLoopMs: this.#loop.percentiles(),
      residentBytes: process.memoryUsage.rss(),
      thinFactor: daemon.thinFactor,
      series: this.board.states(),
    };
  }

  async learned(series: string): Promise<LearnedView | undefined> {
    const info = this.#parts.registry.find(series);
    return info && this.#parts.core.view(info.id);
  }

  #mark(): void {
    const { daemon, drains } = this.#parts;
    let [received, learned] = [0, 0];
    for (const counts of daemon.accounting().values()) {
      received += counts.received;
      learned += counts.learned;
    }
    const written = drains.reduce((sum, { counts }) => sum + counts.written, 0);
    this.#rates.mark(performance.now(), [received, learned, written]);
  }

  #sinkStatus(drain: SinkDrain): SinkStatus {
    const { name, unavailable, waiting, dropped, counts } = drain;
    const trouble = this.#sinkTrouble.get(name) ?? null;
    return { name, available: !unavailable, trouble, waiting, dropped, ...counts };
  }

  #onSource(event: SourceEvent): void {
    const now = this.#source;
    switch (event.kind) {
      case 'connected':
        this.#source = { ...now, connected: true };
        break;
      case 'disconnected':
        this.#source = { ...now, connected: false, trouble: event.detail };
        break;
      case 'refused':
        this.#source = { ...now, trouble: event.detail };
        break;
      case 'dropped':
        this.#source = { ...now, dropped: now.dropped + event.count, trouble: event.detail };
        break;
      case 'repeated':
        break;
    }
  }

  #onDrain(sink: string, event: DrainEvent): void {
    if (event.kind === 'unavailable') this.#sinkTrouble.set(sink, event.detail);
    if (event.kind !== 'rejected') return;
    const last = event.points.at(-1);
    if (last) this.#sinkTrouble.set(sink, `series ${last.series}: ${last.detail}`);
  }
}

/** Steps of each series that somebody may want to see; undefined: nobody looks at the series. */
function boardSteps({ http, mqtt, source }: Config): number | undefined {
  const isAsked = mqtt.requests !== 'none' || mqtt.home_assistant.enabled;
  const told = source?.mqtt && mqtt.health_every > 0 ? 0 : undefined;
  return http?.history_steps ?? (isAsked ? SPARK_STEPS : told);
}

function sourceName({ source: config }: Config, { url }: Source): string {
  return url ?? config?.csv?.file ?? config?.ndjson?.file ?? 'recording';
}
