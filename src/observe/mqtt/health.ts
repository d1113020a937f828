import type { StreamAccounting } from '../accounting.ts';
import type { Monitor, PipelineStatus } from '../monitor.ts';

/** What `<base>/health` says, as JSON has it: times in seconds or ms by name, null for unknown. */
export interface Health {
  readonly version: string;
  readonly instance: string;
  readonly time: string;
  readonly uptime_s: number;
  readonly ready: boolean;
  /** Why it is not ready. */
  readonly reason?: string;
  readonly paused: boolean;
  readonly source: PipelineStatus['source'];
  readonly rates: {
    readonly received_per_s: number;
    readonly learned_per_s: number;
    readonly written_per_s: number;
  };
  readonly latency_ms: PipelineStatus['latencyMs'];
  readonly event_loop_ms: PipelineStatus['eventLoopMs'];
  readonly resident_bytes: number;
  readonly thin_factor: number;
  readonly series: PipelineStatus['series'];
  readonly streams: Readonly<Record<string, Readonly<StreamAccounting>>>;
  readonly sinks: readonly PipelineStatus['sinks'][number][];
  /** Steps that wait for the slowest sink. */
  readonly outbox: number;
  readonly state: null | {
    readonly journal_fullness: number;
    readonly journal_entries: number;
    readonly unsaved_series: number;
    readonly recovering_series: number;
  };
}

export function healthOf(monitor: Pick<Monitor, 'pipeline' | 'ready' | 'unreadyReason'>): Health {
  const status = monitor.pipeline();
  const { rates, state } = status;
  return {
    version: status.version,
    instance: status.instance,
    time: new Date(status.nowMs).toISOString(),
    uptime_s: Math.max(0, Math.round((status.nowMs - status.startedMs) / 1_000)),
    ready: monitor.ready,
    ...(monitor.unreadyReason !== undefined && { reason: monitor.unreadyReason }),
    paused: status.paused,
    source: status.source,
    rates: {
      received_per_s: rates.receivedPerSecond,
      learned_per_s: rates.learnedPerSecond,
      written_per_s: rates.writtenPerSecond,
    },
    latency_ms: status.latencyMs,
    event_loop_ms: status.eventLoopMs,
    resident_bytes: status.residentBytes,
    thin_factor: status.thinFactor,
    series: status.series,
    streams: Object.fromEntries(status.accounting),
    sinks: status.sinks,
    outbox: Math.max(0, ...status.sinks.map(({ waiting }) => waiting)),
    state: state && {
      journal_fullness: state.journalFullness,
      journal_entries: state.journalEntries,
      unsaved_series: state.unsavedSeries,
      recovering_series: state.recoveringSeries,
    },
  };
}
