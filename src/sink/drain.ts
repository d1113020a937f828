/**
 * Takes points from the outbox to one sink, in order: batches by count and time, offers a batch
 * again with exponential back-off and jitter while the other side is away. Where the sink allows it,
 * fresh points need not wait for the backlog of an outage. Each sink has a drain of its own, so that
 * none waits for another.
 */
import { type Observable, Subject, type Subscription } from 'rxjs';
import type { OutboxReader } from '../store/outbox.ts';
import type { SeriesPoints } from '../store/points.ts';
import { Pace } from './pace.ts';
import { type Pacing, type RejectedPoint, type Sink, SinkUnavailable } from './sink.ts';

/** What a drain tells: one message an incident, not one an attempt. */
export type DrainEvent =
  | { readonly kind: 'unavailable' | 'recovered' | 'notice'; readonly detail: string }
  | { readonly kind: 'rejected'; readonly points: readonly RejectedPoint[] };

export interface DrainCounts {
  /** Steps that the sink has taken. */
  readonly written: number;
  /** Points refused for good. */
  readonly rejected: number;
  /** Batches offered again. */
  readonly retries: number;
}

export interface DrainOptions extends Partial<Pacing> {
  /** For the jitter: in [0, 1). */
  readonly random?: () => number;
}

const DEFAULTS: Pacing = { batchSteps: 500, flushMs: 250, retryMsMin: 500, retryMsMax: 30_000 };
/** So many batches are a backlog that fresh points should not wait for. */
const BACKLOG_BATCHES = 20;
/** An idle drain does not look by itself more often than this. */
const IDLE_MS_MIN = 100;
/** A sink that hangs in `close` must not keep the process. */
const CLOSE_MS_MIN = 2_000;

interface Incident {
  readonly sinceMs: number;
  readonly droppedBefore: number;
  pace: SinkUnavailable['pace'];
}

export class SinkDrain {
  readonly #reader: OutboxReader;
  readonly #sink: Sink;
  readonly #pacing: Pacing;
  readonly #pace: Pace;
  readonly #events = new Subject<DrainEvent>();
  readonly #counts = { written: 0, rejected: 0, retries: 0 };
  readonly #idle: (() => void)[] = [];
  /** Ends the wait that the loop is in; `due` says whether it should end early. */
  #waiting: { due: () => boolean; end: () => void } | undefined;
  #loop: Promise<void> | undefined;
  #stopping: Promise<{ unwritten: number }> | undefined;
  #notices: Subscription | undefined;
  /** Do not wait for batches to fill. */
  #hurry = false;
  /** End when nothing waits. */
  #last = false;
  /** End now. */
  #ended = false;
  #incident: Incident | undefined;

  constructor(reader: OutboxReader, sink: Sink, options: DrainOptions = {}) {
    this.#reader = reader;
    this.#sink = sink;
    this.#pacing = { ...DEFAULTS, ...sink.pacing, ...options };
    this.#pace = new Pace(this.#pacing, options.random ?? Math.random);
  }

  get name(): string {
    return this.#sink.name;
  }

  get counts(): DrainCounts {
    return { ...this.#counts };
  }

  /** Steps that wait for it … */
  get waiting(): number {
    return this.#reader.depth;
  }

  /** … and that were given up, since the start. */
  get dropped(): number {
    return this.#reader.dropped;
  }

  /** Whether the sink has failed and not taken anything since. */
  get unavailable(): boolean {
    return this.#incident !== undefined;
  }

  get events(): Observable<DrainEvent> {
    return this.#events;
  }

  start(): void {
    this.#notices ??= this.#sink.notices?.subscribe((detail) => {
      this.#events.next({ kind: 'notice', detail });
    });
    this.#loop ??= this.#run();
  }

  /** Points were put into the outbox. Without it the drain looks by itself every `flushMs` or so. */
  notify(): void {
    if (this.#waiting?.due()) this.#waiting.end();
  }

  /** Resolves when nothing waits any more, or the drain has stopped. */
  idle(): Promise<void> {
    if (this.#ended) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle.push(resolve);
      this.notify();
    });
  }

  /** The same, without waiting for batches to fill. */
  async flush(): Promise<void> {
    this.#hurry = true;
    await this.idle();
    this.#hurry = this.#last;
  }

  /**
   * Writes what waits and closes the sink. Gives up at the deadline, or at once where the sink says
   * that trying again is of no use; `unwritten` says how many steps were left.
   */
  stop(options: { readonly deadlineMs: number }): Promise<{ readonly unwritten: number }> {
    this.#stopping ??= this.#stop(performance.now() + options.deadlineMs);
    return this.#stopping;
  }

  /** Ends after the batch that is being written, and closes the sink; what waits still waits. */
  async retire(): Promise<void> {
    this.#ended = true;
    this.#waiting?.end();
    await this.#loop;
    await this.stop({ deadlineMs: 0 });
  }

  async #stop(deadline: number): Promise<{ unwritten: number }> {
    this.start();
    this.#last = true;
    this.#hurry = true;
    this.#pace.reset();
    this.#waiting?.end();
    await within(deadline - performance.now(), this.#loop!);
    this.#ended = true;
    this.#waiting?.end();
    for (const resolve of this.#idle.splice(0)) resolve();
    const unwritten = this.#reader.depth;
    try {
      await within(Math.max(deadline - performance.now(), CLOSE_MS_MIN), this.#sink.close());
    } catch (error) {
      this.#events.next({ kind: 'unavailable', detail: `closing: ${messageOf(error)}` });
    }
    this.#notices?.unsubscribe();
    this.#events.complete();
    return { unwritten };
  }

  async #run(): Promise<void> {
    const { batchSteps, flushMs } = this.#pacing;
    // Says at once what would otherwise only show with the first point.
    while (!this.#ended && !this.#last) {
      const failure = await this.#attempted(this.#sink.prepare?.bind(this.#sink));
      if (!failure) {
        this.#recovered(this.#reader.depth);
        this.#splitBacklog();
        break;
      }
      await this.#wait(this.#pace.backOffMs(failure), () => false);
    }
    while (!this.#ended) {
      if (this.#reader.depth === 0) {
        for (const resolve of this.#idle.splice(0)) resolve();
        if (this.#last) return;
        const due = (): boolean => this.#reader.depth > 0 || this.#idle.length > 0;
        await this.#wait(Math.max(flushMs, IDLE_MS_MIN), due);
        continue;
      }
      const full = (): boolean => this.#hurry || this.#reader.depth >= batchSteps;
      if (flushMs > 0 && !full()) await this.#wait(flushMs, full);
      if (this.#ended) return;
      const failure = await this.#offer(this.#reader.peek(this.#pace.batchSteps));
      if (!failure) continue;
      if (this.#last && failure.pace === 'slow') return;
      await this.#wait(this.#pace.backOffMs(failure), () => false);
    }
  }

  #splitBacklog(): void {
    const isLong = this.#reader.fresh > BACKLOG_BATCHES * this.#pacing.batchSteps;
    if (this.#sink.interleaves && isLong) this.#reader.split();
  }

  /** Writes one batch; gives back why it must be offered again. */
  async #offer(batch: readonly SeriesPoints[]): Promise<SinkUnavailable | undefined> {
    let rejected: readonly RejectedPoint[] = [];
    const failure = await this.#attempted(async () => {
      rejected = await this.#sink.write(batch);
    });
    this.#pace.offered(!failure);
    if (failure) return failure;
    const waited = this.#reader.depth;
    const wasAway = this.unavailable;
    this.#reader.advance(batch.length);
    this.#recovered(waited);
    if (wasAway) this.#splitBacklog();
    this.#counts.written += batch.length;
    for (const { count = 1 } of rejected) this.#counts.rejected += count;
    if (rejected.length > 0) this.#events.next({ kind: 'rejected', points: rejected });
    return undefined;
  }

  async #attempted(work: (() => Promise<void>) | undefined): Promise<SinkUnavailable | undefined> {
    try {
      await work?.();
    } catch (error) {
      const failure =
        error instanceof SinkUnavailable
          ? error
          : new SinkUnavailable(`unexpected: ${(error as Error).stack ?? error}`, 'slow');
      this.#failed(failure);
      return failure;
    }
    return undefined;
  }

  #failed({ message, pace }: SinkUnavailable): void {
    this.#counts.retries++;
    const known = this.#incident;
    this.#incident ??= {
      sinceMs: performance.now(),
      droppedBefore: this.#reader.dropped,
      pace,
    };
    // An outage that turns into something only the user can mend is told once more.
    if (known && (known.pace === pace || pace === 'normal')) return;
    this.#incident.pace = pace;
    const next = pace === 'slow' ? `trying every ${this.#pacing.retryMsMax / 1000} s` : 'trying on';
    const detail = `${message}; steps waiting: ${this.#reader.depth}, ${next}`;
    this.#events.next({ kind: 'unavailable', detail });
  }

  #recovered(waited: number): void {
    const incident = this.#incident;
    this.#pace.reset();
    this.#incident = undefined;
    if (!incident) return;
    const seconds = ((performance.now() - incident.sinceMs) / 1000).toFixed(1);
    const dropped = this.#reader.dropped - incident.droppedBefore;
    const loss = dropped > 0 ? `; ${dropped} were dropped meanwhile` : '';
    const detail = `back after ${seconds} s; steps that waited: ${waited}${loss}`;
    this.#events.next({ kind: 'recovered', detail });
  }

  /** Waits that long, or until a `notify` finds it due. */
  #wait(ms: number, due: () => boolean): Promise<void> {
    if (this.#ended) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waiting = undefined;
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.#waiting = { due, end };
    });
  }
}

/** Resolves with the work, or after that long without it. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, ms));
  });
  try {
    await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
