import { BehaviorSubject, EMPTY, type Observable, of, switchMap, tap } from 'rxjs';
import type { Config } from '../config/schema.ts';
import { streamName } from '../config/stream-name.ts';
import { type Accounting, sumAccounting } from '../observe/accounting.ts';
import type { DaemonLog } from '../observe/incidents.ts';
import type { Companion } from '../observe/monitor.ts';
import { SinkDrain } from '../sink/drain.ts';
import { Companions } from './companions.ts';
import { DaemonControl } from './control.ts';
import { resolveShards } from './core.ts';
import { DaemonMonitor } from './monitor.ts';
import { describeThinning } from './overload.ts';
import { overloadFactors } from './overload-watch.ts';
import { pipeline } from './pipeline.ts';
import type { CoreParts } from './prepare.ts';
import { type Change, Reconfigurer } from './reconfigurer.ts';
import { logDrainEvent, logSourceEvent, missing } from './telling.ts';
import { assemble, type DaemonParts, type Works } from './works.ts';

export type { DaemonParts } from './works.ts';

const INCIDENTS_FLUSH_MS = 5_000;
/** So long the sinks have at the end to take what waits. */
const STOP_MS_MAX = 10_000;
/** … and where it is kept for the next start. */
const STOP_KEPT_MS_MAX = 3_000;
const EXIT_UNWRITTEN = 4;

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
  readonly #works: Works;
  readonly #overloadMode: BehaviorSubject<Config['overload']>;
  readonly #reconfigurer: Reconfigurer;
  readonly #stopped = new AbortController();
  #running: Promise<void> | undefined;
  #beside: Companions | undefined;
  #failure: Error | undefined;

  constructor(config: Config, parts: DaemonParts) {
    this.#parts = parts;
    this.#overloadMode = new BehaviorSubject(config.overload);
    this.#works = assemble(config, parts, (error) => this.#fail(error));
    this.log = this.#works.incidents.log;
    const onForgotten = (series: readonly { readonly name: string }[]): void => {
      for (const { name } of series) this.monitor.board.remove(name);
    };
    this.control = new DaemonControl({
      ...this.#works,
      log: this.log,
      onPaused: (paused) => {
        this.monitor.paused = paused;
      },
      onForgotten,
    });
    this.#reconfigurer = new Reconfigurer(config, parts, {
      ...this.#works,
      log: parts.log,
      core: this.#works.innerCore,
      source: parts.source,
      startDrain: (sink) => {
        const drain = new SinkDrain(this.#works.outbox.reader(sink.name), sink);
        this.monitor.watch(drain);
        return this.#start(drain);
      },
      inTurn: (work) => this.control.inTurn(work),
      onForgotten,
      fail: (error) => this.#fail(error),
    });
    const reconfigurer = this.#reconfigurer;
    this.monitor = new DaemonMonitor(config, {
      ...this.#works,
      source: parts.source,
      get settings() {
        return reconfigurer.core.settings;
      },
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
    this.#works.durable?.stopWithin(STOP_MS_MAX);
    this.#works.gate.release();
    await this.#parts.source.stop();
    await this.#running?.catch(() => {}); // `run` reports it
  }

  accounting(): Accounting {
    const streams = this.setup.config.streams.map(streamName);
    return sumAccounting(streams, [
      this.#works.intake.counts(),
      this.#works.core.counts(),
      this.#works.forgotten.counts,
    ]);
  }

  /** Networks learn at every so many of their updates: above 1 while there is too much to learn. */
  get thinFactor(): number {
    return this.#works.overload.factor;
  }

  /** What came on topics that no stream wants, in words; undefined where nothing did. */
  get unmatched(): string | undefined {
    const { count, example } = this.#works.intake.unmatched;
    if (count === 0) return undefined;
    return `${count} messages matched no stream; the first: ${example}`;
  }

  async #run(companions: readonly Companion[]): Promise<void> {
    const { source } = this.#parts;
    const beside = new Companions(companions, this.log);
    this.#beside = beside;
    const events = source.events.subscribe((event) => logSourceEvent(this.#works.incidents, event));
    const flush = setInterval(() => this.#works.incidents.flush(), INCIDENTS_FLUSH_MS);
    for (const drain of this.#works.drains) this.#start(drain);
    let unwritten: string | undefined;
    this.#works.durable?.start();
    this.monitor.start();
    let computed = false;
    try {
      if (companions.length > 0) await beside.start();
      if (!this.#stopped.signal.aborted) await this.#compute();
      await this.#works.durable?.settle(this.#works.intake);
      computed = true;
    } finally {
      beside.stopping();
      if (!computed) await this.#works.durable?.abandon();
      await this.#reconfigurer.end();
      unwritten = await this.#stopSinks();
      // Before there is nothing left to look at.
      await beside.stop();
      await (computed ? this.#works.durable?.save() : this.#works.durable?.abandon());
      await this.#works.core.close();
      await source.close();
      await this.#works.durable?.close();
      this.monitor.stop();
      clearInterval(flush);
      events.unsubscribe();
      this.#works.incidents.flush(true);
    }
    if (this.#failure) throw this.#failure;
    if (unwritten && this.#works.durable)
      this.log.info(`${unwritten}; it is kept for the next start`);
    else if (unwritten) throw new UnwrittenError(unwritten);
  }

  #start(drain: SinkDrain): SinkDrain {
    drain.events.subscribe((event) => logDrainEvent(this.#works.incidents, drain.name, event));
    drain.start();
    return drain;
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
        intake: this.#works.intake,
        journal: this.#works.journal,
        core: this.#works.core,
        outbox: this.#works.outbox,
        gate: this.#works.gate,
        live,
        thinning: this.#thinning(),
        onPut: (receivedMs) => this.monitor.put(receivedMs),
      }).subscribe({
        next: (points) => {
          for (const drain of this.#works.drains) drain.notify();
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
      gate: this.#works.gate,
      control: this.#works.overload,
      inline: resolveShards(this.setup.config.shards) === 1,
    });
    const inFull = (): Observable<number> => (this.#works.overload.reset() ? of(1) : EMPTY);
    return this.#overloadMode.pipe(
      switchMap((mode) => (mode === 'thin' ? factors : inFull())),
      tap((factor) => this.#works.incidents.report('overload', describeThinning(factor))),
    );
  }

  /** What was left unwritten, in words; undefined when nothing was. */
  async #stopSinks(): Promise<string | undefined> {
    // A recorded stream has all the time it takes; a signal then stops the waiting.
    const written = Promise.all(this.#works.drains.map((drain) => drain.flush()));
    if (!this.#parts.live) await Promise.race([written, aborted(this.#stopped.signal)]);
    const deadlineMs = this.#works.durable ? STOP_KEPT_MS_MAX : STOP_MS_MAX;
    const stops = this.#works.drains.map(async (drain) => {
      const { unwritten } = await drain.stop({ deadlineMs });
      return missing(drain.name, unwritten, this.#works.outbox.reader(drain.name).dropped);
    });
    return (await Promise.all(stops)).flat().join('; ') || undefined;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
}
