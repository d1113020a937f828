import { BehaviorSubject, EMPTY, type Observable, of, switchMap, tap } from 'rxjs';
import { ownTopics } from '../config/own-topics.ts';
import type { Config } from '../config/schema.ts';
import { SeriesRegistry } from '../decode/series.ts';
import { createIntake, type Intake } from '../decode/stream-decoder.ts';
import type { Journal } from '../journal/journal.ts';
import { MemoryJournal } from '../journal/memory.ts';
import { type Accounting, sumAccounting } from '../observe/accounting.ts';
import { type DaemonLog, Incidents } from '../observe/incidents.ts';
import type { Logger } from '../observe/log.ts';
import type { Companion } from '../observe/monitor.ts';
import { SinkDrain } from '../sink/drain.ts';
import type { Sink } from '../sink/sink.ts';
import type { Source } from '../source/source.ts';
import { MemoryOutbox } from '../store/memory-outbox.ts';
import type { Outbox } from '../store/outbox.ts';
import type { SeriesPoints } from '../store/points.ts';
import { Companions } from './companions.ts';
import { DaemonControl } from './control.ts';
import { type Core, createCore, resolveShards } from './core.ts';
import type { DaemonState } from './daemon-state.ts';
import { DurableState } from './durable-state.ts';
import { Forgotten } from './forgotten.ts';
import { PipelineGate } from './gate.ts';
import { DaemonMonitor } from './monitor.ts';
import { outboxLimits } from './outbox-limits.ts';
import { describeThinning, OverloadControl } from './overload.ts';
import { overloadFactors } from './overload-watch.ts';
import { pipeline } from './pipeline.ts';
import type { CoreParts } from './prepare.ts';
import { Rebirths } from './rebirths.ts';
import { type Change, Reconfigurer } from './reconfigurer.ts';
import { streamName } from './settings.ts';
import type { StartWorker } from './shard-protocol.ts';
import { logDrainEvent, logSourceEvent, missing } from './telling.ts';

/** A recorded source waits while so many steps are unwritten; a live one never waits for sinks. */
const RECORDED_DEPTH_MAX = 10_000;
const INCIDENTS_FLUSH_MS = 5_000;
/** So long the sinks have at the end to take what waits. */
const STOP_MS_MAX = 10_000;
/** … and where it is kept for the next start. */
const STOP_KEPT_MS_MAX = 3_000;
const EXIT_UNWRITTEN = 4;

/** With what `prepareCore` has made of the configuration. */
export interface DaemonParts extends CoreParts {
  readonly source: Source;
  readonly sinks: readonly Sink[];
  /** false: a recorded stream, which may wait for the sinks and has an end. */
  readonly live: boolean;
  readonly log: Logger;
  /** Sees every batch of points as it is computed. */
  readonly onPoints?: (points: readonly SeriesPoints[]) => void;
  /** In place of real threads, or to have a hand on them. */
  readonly startWorker?: StartWorker;
  /** Where what is learned is kept; undefined: nowhere. Closed with the daemon. */
  readonly state?: DaemonState;
}

/** Stopped in good order, but a sink did not take everything. */
export class UnwrittenError extends Error {
  override readonly name = 'UnwrittenError';
  readonly exitCode = EXIT_UNWRITTEN;
}

/** One running pipeline: started once, stopped once. */
export class Daemon {
  /** What is wrong with the newest configuration that it was to take over; null: nothing. */
  configFault: string | null = null;
  /** What can be asked of it while it runs. */
  readonly control: DaemonControl;
  readonly monitor: DaemonMonitor;
  /** For all that is told while it runs: what comes often is counted. */
  readonly log: DaemonLog;
  readonly #parts: DaemonParts;
  readonly #incidents: Incidents;
  readonly #intake: Intake;
  readonly #core: Core;
  readonly #journal: Journal;
  readonly #outbox: Outbox;
  readonly #durable: DurableState | undefined;
  readonly #drains: SinkDrain[];
  readonly #gate: PipelineGate;
  readonly #rebirths: Rebirths;
  readonly #overload: OverloadControl;
  readonly #overloadMode: BehaviorSubject<Config['overload']>;
  readonly #reconfigurer: Reconfigurer;
  readonly #forgotten: Forgotten;
  readonly #stopped = new AbortController();
  #running: Promise<void> | undefined;
  #beside: Companions | undefined;
  #failure: Error | undefined;

  constructor(config: Config, parts: DaemonParts) {
    const { live, sinks, state, source } = parts;
    this.#parts = parts;
    this.#overloadMode = new BehaviorSubject(config.overload);
    this.#incidents = new Incidents(parts.log);
    this.log = this.#incidents.log;
    const { log } = this;
    const registry = new SeriesRegistry();
    const core = createCore({
      shards: resolveShards(config.shards),
      settings: parts.settings,
      engines: parts.engines,
      onRestart: (text) => log.error(text),
      startWorker: parts.startWorker,
    });
    const onRoom = (): void => this.#gate.update();
    if (state) {
      const fail = (error: Error): void => this.#fail(error);
      this.#durable = new DurableState(config, { state, registry, core, log, onRoom, fail });
      source.restore?.(this.#durable.journal.deliveries.newest());
    }
    this.#core = this.#durable?.core ?? core;
    this.#journal = this.#durable?.journal ?? new MemoryJournal();
    this.#overload = new OverloadControl(this.#durable?.journal.thinning.at(-1)?.factor);
    // A recorded stream is held back before the outbox could overflow.
    const limits = outboxLimits(config.outbox);
    const pointsMax = live ? limits.pointsMax : Number.POSITIVE_INFINITY;
    this.#outbox =
      this.#durable?.outbox ?? new MemoryOutbox({ ...limits, pointsMax, onAdvance: onRoom });
    this.#rebirths = new Rebirths({
      publish: (topic, payload) => source.publish?.(topic, payload) ?? false,
      onAsked: (detail) => this.#incidents.report('rebirth', detail),
    });
    this.#intake = createIntake(config.streams, registry, {
      live,
      base: config.base,
      isOwn: ownTopics(config.base, config.mqtt.home_assistant.prefix),
      counts: this.#durable?.journal.counts,
      onWrongClock: (detail) => this.#incidents.report('clock', detail),
      onNodeTrouble: (stream, trouble, asks) => {
        const { kind, detail } = trouble;
        if (kind === 'gap') this.#incidents.report(`stream ${stream}: messages missing`, detail);
        else if (asks) this.#rebirths.ask(trouble);
      },
      onRejection: (stream, where, { verdict, reason, detail }) =>
        this.#incidents.report(`stream ${stream}: ${verdict} (${reason})`, `${where}: ${detail}`),
    });
    const depthMax = live ? Number.POSITIVE_INFINITY : RECORDED_DEPTH_MAX;
    this.#gate = new PipelineGate(() => this.#depth(), depthMax);
    this.#drains = sinks.map((sink) => new SinkDrain(this.#outbox.reader(sink.name), sink));
    this.#forgotten = this.#durable?.forgotten ?? new Forgotten();
    const onForgotten = (series: readonly { readonly name: string }[]): void => {
      for (const { name } of series) this.monitor.board.remove(name);
    };
    this.control = new DaemonControl({
      gate: this.#gate,
      registry,
      intake: this.#intake,
      core: this.#core,
      durable: this.#durable,
      forgotten: this.#forgotten,
      log,
      onPaused: (paused) => {
        this.monitor.paused = paused;
      },
      onForgotten,
    });
    this.#reconfigurer = new Reconfigurer(config, parts, {
      log: parts.log,
      gate: this.#gate,
      core,
      registry,
      intake: this.#intake,
      durable: this.#durable,
      forgotten: this.#forgotten,
      outbox: this.#outbox,
      source,
      drains: this.#drains,
      startDrain: (sink) => {
        const drain = new SinkDrain(this.#outbox.reader(sink.name), sink);
        this.monitor.watch(drain);
        return this.#start(drain);
      },
      inTurn: (work) => this.control.inTurn(work),
      onForgotten,
      fail: (error) => this.#fail(error),
    });
    const reconfigurer = this.#reconfigurer;
    this.monitor = new DaemonMonitor(config, {
      source,
      get settings() {
        return reconfigurer.core.settings;
      },
      registry,
      core: this.#core,
      drains: this.#drains,
      durable: this.#durable,
      daemon: this,
    });
  }

  /** What runs, as far as a reload may have changed it. */
  get setup(): CoreParts & { readonly config: Config } {
    return { config: this.#reconfigurer.config, ...this.#reconfigurer.core };
  }

  /**
   * Takes over what is different, while it runs; not two at a time.
   * @returns for how long nothing was taken in, in ms
   * @throws NotChanged with the reason, where all goes on as it was
   */
  async reconfigure(change: Change): Promise<number> {
    const heldMs = await this.#reconfigurer.apply(change);
    const { overload } = this.setup.config;
    if (overload !== this.#overloadMode.value) this.#overloadMode.next(overload);
    return heldMs;
  }

  /**
   * Resolves when the input has ended or `stop` was called, and all that was accepted is written.
   * @param companions run beside it, from before the first message to after the last point
   * @throws UnwrittenError, or what the source ends with when going on is impossible, or a companion
   *   that cannot start
   */
  run(companions: readonly Companion[] = []): Promise<void> {
    this.#running ??= this.#run(companions);
    return this.#running;
  }

  /** Stops intake; what was accepted is finished and written, then `run` resolves. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.monitor.stopping = true;
    this.#beside?.stopping();
    this.#durable?.stopWithin(STOP_MS_MAX);
    this.#gate.release();
    await this.#parts.source.stop();
    await this.#running?.catch(() => {}); // `run` reports it
  }

  accounting(): Accounting {
    const streams = this.setup.config.streams.map(streamName);
    return sumAccounting(streams, [
      this.#intake.counts(),
      this.#core.counts(),
      this.#forgotten.counts,
    ]);
  }

  /** Networks learn at every so many of their updates: above 1 while there is too much to learn. */
  get thinFactor(): number {
    return this.#overload.factor;
  }

  /** What came on topics that no stream wants, in words; undefined where nothing did. */
  get unmatched(): string | undefined {
    const { count, example } = this.#intake.unmatched;
    if (count === 0) return undefined;
    return `${count} messages matched no stream; the first: ${example}`;
  }

  async #run(companions: readonly Companion[]): Promise<void> {
    const { source } = this.#parts;
    const beside = new Companions(companions, this.log);
    this.#beside = beside;
    const events = source.events.subscribe((event) => logSourceEvent(this.#incidents, event));
    const flush = setInterval(() => this.#incidents.flush(), INCIDENTS_FLUSH_MS);
    for (const drain of this.#drains) this.#start(drain);
    let unwritten: string | undefined;
    this.#durable?.start();
    this.monitor.start();
    let computed = false;
    try {
      if (companions.length > 0) await beside.start();
      if (!this.#stopped.signal.aborted) await this.#compute();
      await this.#durable?.settle(this.#intake);
      computed = true;
    } finally {
      beside.stopping();
      if (!computed) await this.#durable?.abandon();
      await this.#reconfigurer.end();
      unwritten = await this.#stopSinks();
      // Before there is nothing left to look at.
      await beside.stop();
      await (computed ? this.#durable?.save() : this.#durable?.abandon());
      await this.#core.close();
      await source.close();
      await this.#durable?.close();
      this.monitor.stop();
      clearInterval(flush);
      events.unsubscribe();
      this.#incidents.flush(true);
    }
    if (this.#failure) throw this.#failure;
    if (unwritten && this.#durable) this.log.info(`${unwritten}; it is kept for the next start`);
    else if (unwritten) throw new UnwrittenError(unwritten);
  }

  #start(drain: SinkDrain): SinkDrain {
    drain.events.subscribe((event) => logDrainEvent(this.#incidents, drain.name, event));
    drain.start();
    return drain;
  }

  /** What waits for the slowest sink; Infinity where there is no room at all. */
  #depth(): number {
    const isFull = this.#outbox.full || this.#durable?.isFull;
    return isFull ? Number.POSITIVE_INFINITY : this.#outbox.depth;
  }

  /** Going on is of no use. */
  #fail(error: Error): void {
    this.#failure ??= error;
    void this.stop();
  }

  #compute(): Promise<void> {
    const { source, live, onPoints } = this.#parts;
    return new Promise((resolve, reject) => {
      pipeline({
        source,
        intake: this.#intake,
        journal: this.#journal,
        core: this.#core,
        outbox: this.#outbox,
        gate: this.#gate,
        live,
        thinning: this.#thinning(),
        onPut: (receivedMs) => this.monitor.put(receivedMs),
      }).subscribe({
        next: (points) => {
          for (const drain of this.#drains) drain.notify();
          this.monitor.computed(points);
          onPoints?.(points);
        },
        error: reject,
        complete: resolve,
      });
    });
  }

  /** The factors as they change; a recording waits until it is learned in full. */
  #thinning(): Observable<number> {
    const factors = overloadFactors({
      gate: this.#gate,
      control: this.#overload,
      inline: resolveShards(this.setup.config.shards) === 1,
    });
    const inFull = (): Observable<number> => (this.#overload.reset() ? of(1) : EMPTY);
    return this.#overloadMode.pipe(
      switchMap((mode) => (mode === 'thin' ? factors : inFull())),
      tap((factor) => this.#incidents.report('overload', describeThinning(factor))),
    );
  }

  /** What was left unwritten, in words; undefined when nothing was. */
  async #stopSinks(): Promise<string | undefined> {
    // A recorded stream has all the time it takes; a signal then stops the waiting.
    const written = Promise.all(this.#drains.map((drain) => drain.flush()));
    if (!this.#parts.live) await Promise.race([written, aborted(this.#stopped.signal)]);
    const deadlineMs = this.#durable ? STOP_KEPT_MS_MAX : STOP_MS_MAX;
    const stops = this.#drains.map(async (drain) => {
      const { unwritten } = await drain.stop({ deadlineMs });
      return missing(drain.name, unwritten, this.#outbox.reader(drain.name).dropped);
    });
    return (await Promise.all(stops)).flat().join('; ') || undefined;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
}
