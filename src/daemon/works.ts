/** What carries samples and points in a daemon, put together. */
import { ownTopics } from '../config/own-topics.ts';
import type { Config } from '../config/schema.ts';
import { SeriesRegistry } from '../decode/series.ts';
import { createIntake, type Intake } from '../decode/stream-decoder.ts';
import type { Journal } from '../journal/journal.ts';
import { MemoryJournal } from '../journal/memory.ts';
import { Incidents } from '../observe/incidents.ts';
import type { Logger } from '../observe/log.ts';
import { SinkDrain } from '../sink/drain.ts';
import type { Sink } from '../sink/sink.ts';
import type { Source } from '../source/source.ts';
import { MemoryOutbox } from '../store/memory-outbox.ts';
import type { Outbox } from '../store/outbox.ts';
import type { SeriesPoints } from '../store/points.ts';
import { type Core, createCore, resolveShards } from './core.ts';
import type { DaemonState } from './daemon-state.ts';
import { DurableState } from './durable-state.ts';
import { Forgotten } from './forgotten.ts';
import { PipelineGate } from './gate.ts';
import { outboxLimits } from './outbox-limits.ts';
import { OverloadControl } from './overload.ts';
import type { CoreParts } from './prepare.ts';
import { Rebirths } from './rebirths.ts';
import type { StartWorker } from './shard-protocol.ts';

/** A recorded source waits while so many steps are unwritten; a live one never waits for sinks. */
const RECORDED_DEPTH_MAX = 10_000;

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

export interface Works {
  readonly incidents: Incidents;
  readonly registry: SeriesRegistry;
  readonly intake: Intake;
  readonly journal: Journal;
  readonly core: Core;
  /** The same, or what is behind it while an earlier life is taken up. */
  readonly innerCore: ReturnType<typeof createCore>;
  readonly outbox: Outbox;
  readonly drains: SinkDrain[];
  readonly durable: DurableState | undefined;
  readonly gate: PipelineGate;
  readonly overload: OverloadControl;
  readonly forgotten: Forgotten;
}

/** @param fail going on is of no use */
export function assemble(config: Config, parts: DaemonParts, fail: (error: Error) => void): Works {
  const { live, sinks, state, source } = parts;
  const incidents = new Incidents(parts.log);
  const { log } = incidents;
  const registry = new SeriesRegistry();
  const innerCore = createCore({
    shards: resolveShards(config.shards),
    settings: parts.settings,
    engines: parts.engines,
    onRestart: (text) => log.error(text),
    startWorker: parts.startWorker,
  });
  const onRoom = (): void => gate.update();
  const durable =
    state && new DurableState(config, { state, registry, core: innerCore, log, onRoom, fail });
  if (durable) source.restore?.(durable.journal.deliveries.newest());
  // A recorded stream is held back before the outbox could overflow.
  const limits = outboxLimits(config.outbox);
  const pointsMax = live ? limits.pointsMax : Number.POSITIVE_INFINITY;
  const outbox = durable?.outbox ?? new MemoryOutbox({ ...limits, pointsMax, onAdvance: onRoom });
  /** What waits for the slowest sink; Infinity where there is no room at all. */
  const depth = (): number => {
    const isFull = outbox.full || durable?.isFull;
    return isFull ? Number.POSITIVE_INFINITY : outbox.depth;
  };
  const gate = new PipelineGate(depth, live ? Number.POSITIVE_INFINITY : RECORDED_DEPTH_MAX);
  return {
    incidents,
    registry,
    intake: intakeOf(config, parts, registry, incidents, durable),
    journal: durable?.journal ?? new MemoryJournal(),
    core: durable?.core ?? innerCore,
    innerCore,
    outbox,
    drains: sinks.map((sink) => new SinkDrain(outbox.reader(sink.name), sink)),
    durable,
    gate,
    overload: new OverloadControl(durable?.journal.thinning.at(-1)?.factor),
    forgotten: durable?.forgotten ?? new Forgotten(),
  };
}

function intakeOf(
  config: Config,
  { live, source }: DaemonParts,
  registry: SeriesRegistry,
  incidents: Incidents,
  durable: DurableState | undefined,
): Intake {
  const rebirths = new Rebirths({
    publish: (topic, payload) => source.publish?.(topic, payload) ?? false,
    onAsked: (detail) => incidents.report('rebirth', detail),
  });
  return createIntake(config.streams, registry, {
    live,
    base: config.base,
    isOwn: ownTopics(config.base, config.mqtt.home_assistant.prefix),
    counts: durable?.journal.counts,
    onWrongClock: (detail) => incidents.report('clock', detail),
    onNodeTrouble: (stream, trouble, asks) => {
      const { kind, detail } = trouble;
      if (kind === 'gap') incidents.report(`stream ${stream}: messages missing`, detail);
      else if (asks) rebirths.ask(trouble);
    },
    onRejection: (stream, where, { verdict, reason, detail }) =>
      incidents.report(`stream ${stream}: ${verdict} (${reason})`, `${where}: ${detail}`),
  });
}
