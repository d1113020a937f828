/**
 * Takes over another configuration while the daemon runs. What concerns streams is done at a barrier:
 *
 *     gate shut → what is under way is put → states saved → the store knows the new streams (one commit)
 *       → core → series → intake → subscriptions → gate open
 *
 * Up to the commit a failure leaves all as it was; after it a crash is a start with the new
 * configuration. Nothing is lost at the barrier: messages wait before the gate, or with the broker.
 */
import type { Config } from '../config/schema.ts';
import type { SeriesInfo, SeriesRegistry } from '../decode/series.ts';
import type { Intake } from '../decode/stream-decoder.ts';
import type { CountsByStream } from '../decode/stream-intake.ts';
import { sumAccounting } from '../observe/accounting.ts';
import type { Logger } from '../observe/log.ts';
import type { SinkDrain } from '../sink/drain.ts';
import { isOfKind, type SinkKind } from '../sink/registry.ts';
import type { Sink } from '../sink/sink.ts';
import type { Source } from '../source/source.ts';
import type { Outbox } from '../store/outbox.ts';
import { type ConfigChanges, changesStreams, type SinkChange } from './config-changes.ts';
import type { Core } from './core.ts';
import type { DurableState } from './durable-state.ts';
import type { Forgotten } from './forgotten.ts';
import type { PipelineGate } from './gate.ts';
import { NotChanged } from './kept-change.ts';
import { outboxLimits } from './outbox-limits.ts';
import type { CoreParts } from './prepare.ts';
import type { Reconfigurable, Reconfiguration } from './reconfiguration.ts';

export interface RunningParts {
  readonly log: Logger;
  readonly gate: PipelineGate;
  /** Not the recovering one. */
  readonly core: Core & Reconfigurable;
  readonly registry: SeriesRegistry;
  readonly intake: Intake;
  readonly durable: DurableState | undefined;
  readonly forgotten: Forgotten;
  readonly outbox: Outbox;
  readonly source: Source;
  /** In place: whoever else looks at them sees what is there now. */
  readonly drains: SinkDrain[];
  readonly startDrain: (sink: Sink) => SinkDrain;
  /** Not while series are forgotten one by one. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
  /** These series are no more, or rest. */
  readonly onForgotten: (series: readonly SeriesInfo[]) => void;
  /** Going on is of no use. */
  readonly fail: (error: Error) => void;
}

/** What is to be taken over. */
export interface Change extends CoreParts {
  readonly changes: ConfigChanges;
  /** Makes the sink of the new configuration. */
  readonly openSink: (kind: SinkKind) => Promise<Sink | undefined>;
}

export class Reconfigurer {
  readonly #parts: RunningParts;
  readonly #ended = new AbortController();
  #config: Config;
  #core: CoreParts;
  #running: Promise<unknown> = Promise.resolve();

  constructor(config: Config, core: CoreParts, parts: RunningParts) {
    this.#config = config;
    this.#core = core;
    this.#parts = parts;
  }

  /** What runs. */
  get config(): Config {
    return this.#config;
  }

  get core(): CoreParts {
    return this.#core;
  }

  /**
   * Not two at a time.
   * @returns for how long nothing was taken in, in ms
   * @throws NotChanged with the reason, where all goes on as it was
   */
  apply(change: Change): Promise<number> {
    const done = this.#apply(change);
    this.#running = done.catch(() => {});
    return done;
  }

  /** Nothing is begun any more; resolves when nothing is under way. */
  async end(): Promise<void> {
    this.#ended.abort();
    await this.#running;
  }

  async #apply(change: Change): Promise<number> {
    const { changes } = change;
    const { durable, outbox, log, inTurn } = this.#parts;
    if (durable && !(await durable.recovered(() => this.#ended.signal.aborted))) throw STOPPING;
    // Those of the same address are opened when the one before has closed it.
    const opened = await this.#openSinks(change);
    let heldMs = 0;
    try {
      if (changesStreams(changes.streams)) heldMs = await inTurn(() => this.#changeStreams(change));
    } catch (error) {
      for (const sink of opened.values()) await sink.close().catch(() => {});
      throw error;
    }
    this.#config = changes.config;
    this.#core = { settings: change.settings, engines: change.engines };
    log.level = changes.config.log.level;
    outbox.setLimits(outboxLimits(changes.config.outbox));
    await Promise.all(changes.sinks.map((one) => this.#changeSink(one, opened, change)));
    return heldMs;
  }

  async #changeStreams(change: Change): Promise<number> {
    const { gate, fail, durable, core } = this.#parts;
    // A failure to save is met again, and told, where it counts.
    await durable?.saveAhead(core, keptStreams(change)).catch(() => {});
    const startedMs = performance.now();
    const release = await this.#hold();
    try {
      if (gate.isReleased || this.#ended.signal.aborted) throw STOPPING;
      await this.#exchange(change);
    } catch (error) {
      // What has changed already cannot be undone, and a start makes it right.
      if (!(error instanceof NotChanged)) fail(error as Error);
      throw error;
    } finally {
      release();
    }
    return performance.now() - startedMs;
  }

  async #hold(): Promise<() => void> {
    const { signal } = this.#ended;
    const held = this.#parts.gate.hold(true);
    const ended = new Promise<undefined>((resolve) => {
      if (signal.aborted) resolve(undefined);
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    const release = await Promise.race([held, ended]);
    if (release) return release;
    void held.then((free) => free());
    throw STOPPING;
  }

  async #exchange(change: Change): Promise<void> {
    const { core, registry, intake, durable, source, onForgotten } = this.#parts;
    const { settings, engines, changes } = change;
    const { removed, anew, changed } = changes.streams;
    const { streams } = changes.config;
    const dropped = new Set([...removed, ...anew.keys()]);
    const reconfiguration = { settings, dropped, changed: new Set(changed) };
    const counts = this.#counts(change);
    const gone = registry.all().filter(({ stream }) => dropped.has(stream));
    let isExact = true;
    if (durable) {
      const kept = keptStreams(change);
      const parts = { core, change: reconfiguration, engines, streams, counts, kept };
      ({ isExact } = await durable.reconfigure(parts));
    } else {
      isExact = await this.#exchangeInMemory(reconfiguration, change);
      registry.forget(gone);
    }
    onForgotten(gone);
    intake.reconfigure(streams, counts);
    const isBack = changes.streams.added.some((name) => counts.has(name));
    if (!isExact || isBack) await this.#reckon(change);
    source.follow?.(streams);
  }

  async #exchangeInMemory(change: Reconfiguration, { engines }: CoreParts): Promise<boolean> {
    const { core, registry, log } = this.#parts;
    const refused = await core.reconfigure(change, engines);
    for (const { id, detail } of refused) {
      const { name } = registry.get(id)!;
      log.warn(`reload: series ${name}: ${detail}; it begins anew`);
    }
    return refused.length === 0;
  }

  /**
   * Accounts go on. Of series that begin anew nothing is known behind the intake any more; those of
   * streams that are back are as they were left.
   */
  #counts({ changes }: Change): CountsByStream {
    const { intake, durable, forgotten } = this.#parts;
    const counts = new Map(intake.counts());
    for (const name of changes.streams.anew.keys()) {
      const { invalid, filtered } = counts.get(name)!;
      const own: object = forgotten.counts.get(name) ?? {};
      const known = Object.values<number>({ ...own }).reduce((a, b) => a + b, 0);
      counts.set(name, { received: invalid + filtered + known, invalid, filtered });
    }
    for (const name of changes.streams.added) {
      const before = durable?.journal.counts.get(name);
      if (before) counts.set(name, before);
    }
    return counts;
  }

  /** Where states were refused or have come back, it is they that count. */
  async #reckon({ changes }: Change): Promise<void> {
    const { intake, core, durable, forgotten } = this.#parts;
    const { added, changed } = changes.streams;
    const known = sumAccounting(intake.counts().keys(), [core.counts(), forgotten.counts]);
    intake.reckon(known, new Set([...added, ...changed]));
    await durable?.journal.putCounts(intake.counts());
  }

  /** @throws NotChanged when one cannot be opened; then none is left open */
  async #openSinks({ changes, openSink }: Change): Promise<Map<SinkKind, Sink>> {
    const opened = new Map<SinkKind, Sink>();
    try {
      for (const { kind, change } of changes.sinks) {
        if (change === 'removed' || (change === 'changed' && !this.#moves(changes, kind))) continue;
        const sink = await openSink(kind);
        if (sink) opened.set(kind, sink);
      }
    } catch (error) {
      for (const sink of opened.values()) await sink.close().catch(() => {});
      throw new NotChanged((error as Error).message, { cause: error });
    }
    return opened;
  }

  /** Whether it is another file: two must not be open on the same one. */
  #moves({ config }: ConfigChanges, kind: SinkKind): boolean {
    if (kind !== 'line_protocol') return true;
    return this.#config.sinks.line_protocol?.file !== config.sinks.line_protocol?.file;
  }

  async #changeSink(
    { kind }: SinkChange,
    opened: ReadonlyMap<SinkKind, Sink>,
    { openSink, changes }: Change,
  ): Promise<void> {
    const { drains, outbox, startDrain, log } = this.#parts;
    const before = drains.find((drain) => isOfKind(drain, kind));
    if (before) drains.splice(drains.indexOf(before), 1);
    const sink = opened.get(kind);
    const isWanted = changes.config.sinks[kind] !== undefined;
    const goesOn = before && isWanted && (!sink || sink.name === before.name);
    if (sink && !goesOn) drains.push(startDrain(sink));
    await before?.retire();
    if (before && !goesOn) outbox.forget(before.name);
    if (!goesOn) return;
    try {
      drains.push(startDrain(sink ?? (await openSink(kind))!));
    } catch (error) {
      const why = (error as Error).message;
      log.error(`reload: ${before.name}: ${why}; what is due to it waits for the next start`);
    }
  }
}

/** Streams whose states are kept as they are when the change is made. */
function keptStreams({ changes }: Change): Set<string> {
  return new Set([...changes.streams.removed, ...changes.streams.changed]);
}

const STOPPING = new NotChanged('the daemon is about to stop');
