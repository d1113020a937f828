/**
 * What is exported, as a table: name, meaning, and where it is read. Names as Prometheus asks for them:
 * the unit last (seconds, bytes, ratio in 0..1), `_total` on what only grows. `docs/metrics.md` is
 * tested against it.
 */
import type { StreamAccounting } from '../accounting.ts';
import { type PipelineStatus, SERIES_STATES, type SinkStatus } from '../monitor.ts';
import { PERCENTILES, type Percentiles, type StreamSpread } from './series-spread.ts';

export interface Snapshot {
  readonly pipeline: PipelineStatus;
  readonly ready: boolean;
  /** By stream. */
  readonly spreads: ReadonlyMap<string, StreamSpread>;
}

export interface Reading {
  readonly value: number;
  /** As many as the family has labels, in their order. */
  readonly labels: readonly string[];
}

export interface Family {
  readonly name: string;
  readonly kind: 'counter' | 'gauge';
  readonly labels: readonly string[];
  readonly help: string;
  /** None: what it tells does not exist here, or is not known yet. */
  read(snapshot: Snapshot): Iterable<Reading>;
}

/** What becomes of a received sample; the rest is pending. */
const OUTCOMES = ['learned', 'duplicate', 'late', 'invalid', 'filtered'] as const;

const DAEMON: readonly Family[] = [
  {
    name: 'foretide_build_info',
    kind: 'gauge',
    labels: ['version', 'node'],
    help: 'Always 1; the labels say what runs.',
    read: ({ pipeline }) => [{ value: 1, labels: [pipeline.version, process.versions.node] }],
  },
  single('foretide_uptime_seconds', 'Since the daemon was started.', ({ pipeline }) =>
    seconds(pipeline.nowMs - pipeline.startedMs),
  ),
  single(
    'foretide_ready',
    '1: messages are taken, and forecasts made of them (as /readyz says).',
    ({ ready }) => flag(ready),
  ),
  single('foretide_paused', '1: somebody has paused the intake.', ({ pipeline }) =>
    flag(pipeline.paused),
  ),
  single(
    'foretide_thin_factor',
    'Networks learn at every so many of their updates; above 1 under overload.',
    ({ pipeline }) => pipeline.thinFactor,
  ),
  byPercentile(
    'foretide_latency_seconds',
    'From a message’s arrival to its points being put, over the last minute.',
    ({ latencyMs }) => latencyMs,
  ),
  byPercentile(
    'foretide_event_loop_delay_seconds',
    'How long the main thread was held up, over the last minute.',
    ({ eventLoopMs }) => eventLoopMs,
  ),
];

const SOURCE: readonly Family[] = [
  {
    name: 'foretide_source_connected',
    kind: 'gauge',
    labels: ['source'],
    help: '1: the source is connected.',
    read: ({ pipeline: { source } }) => [{ value: flag(source.connected), labels: [source.name] }],
  },
  {
    name: 'foretide_source_dropped_messages_total',
    kind: 'counter',
    labels: ['source'],
    help: 'Messages that were lost before they could be taken (QoS 0).',
    read: ({ pipeline: { source } }) => [{ value: source.dropped, labels: [source.name] }],
  },
];

const SAMPLES: readonly Family[] = [
  byStream(
    'foretide_samples_received_total',
    'counter',
    'Samples that came. The sum of what became of them, and of those pending.',
    (of) => of.received,
  ),
  {
    name: 'foretide_samples_total',
    kind: 'counter',
    labels: ['stream', 'outcome'],
    help: `What became of samples: ${OUTCOMES.join(', ')}.`,
    *read({ pipeline: { accounting } }) {
      for (const [stream, counts] of accounting) {
        for (const outcome of OUTCOMES) yield { value: counts[outcome], labels: [stream, outcome] };
      }
    },
  },
  byStream(
    'foretide_samples_pending',
    'gauge',
    'Samples in a step that is not closed yet, or that wait for cadence or clock to be settled.',
    (of) => of.pending,
  ),
];

const SERIES: readonly Family[] = [
  {
    name: 'foretide_series',
    kind: 'gauge',
    labels: ['stream', 'state'],
    help: `Series by how they fare: ${SERIES_STATES.join(', ')}.`,
    *read({ spreads }) {
      for (const [stream, { states }] of spreads) {
        for (const state of SERIES_STATES) yield { value: states[state], labels: [stream, state] };
      }
    },
  },
  spread(
    'foretide_series_skill_ratio',
    'Lately, at the first scored lead: 1 − error ÷ error of the last value. Percentiles over series.',
    (of) => of.skill,
  ),
  spread(
    'foretide_series_coverage_ratio',
    'Share of values that the widest interval held lately. Percentiles over series.',
    (of) => of.coverage,
  ),
  {
    name: 'foretide_series_coverage_nominal_ratio',
    kind: 'gauge',
    labels: ['stream'],
    help: 'What the widest interval should hold.',
    *read({ spreads }) {
      for (const [stream, { nominal }] of spreads) {
        if (nominal !== null) yield { value: nominal, labels: [stream] };
      }
    },
  },
];

const SINKS: readonly Family[] = [
  bySink('foretide_sink_available', 'gauge', '1: the sink takes what it is given.', (sink) =>
    flag(sink.available),
  ),
  bySink('foretide_sink_waiting_steps', 'gauge', 'Steps not written yet.', (sink) => sink.waiting),
  bySink(
    'foretide_sink_written_steps_total',
    'counter',
    'Steps that were written.',
    (sink) => sink.written,
  ),
  bySink(
    'foretide_sink_dropped_steps_total',
    'counter',
    'Steps given up unwritten, for want of room or for their age.',
    (sink) => sink.dropped,
  ),
  bySink(
    'foretide_sink_rejected_points_total',
    'counter',
    'Points that the other side refused for good.',
    (sink) => sink.rejected,
  ),
  bySink(
    'foretide_sink_retries_total',
    'counter',
    'Batches that had to be offered again.',
    (sink) => sink.retries,
  ),
];

const STATE: readonly Family[] = [
  single(
    'foretide_journal_fullness_ratio',
    'Share of the journal’s room in use; at 1 the source waits.',
    ({ pipeline }) => pipeline.state?.journalFullness,
  ),
  single(
    'foretide_journal_entries',
    'Entries in the journal.',
    ({ pipeline }) => pipeline.state?.journalEntries,
  ),
  single(
    'foretide_series_unsaved',
    'Series whose newest learning is in the journal alone.',
    ({ pipeline }) => pipeline.state?.unsavedSeries,
  ),
  single(
    'foretide_series_recovering',
    'Series of an earlier run that are not taken up yet.',
    ({ pipeline }) => pipeline.state?.recoveringSeries,
  ),
];

export const FAMILIES: readonly Family[] = [
  ...DAEMON,
  ...SOURCE,
  ...SAMPLES,
  ...SERIES,
  ...SINKS,
  ...STATE,
];

/** A gauge without labels; undefined: there is nothing to tell. */
function single(name: string, help: string, value: (of: Snapshot) => number | undefined): Family {
  return {
    name,
    kind: 'gauge',
    labels: [],
    help,
    *read(snapshot) {
      const read = value(snapshot);
      if (read !== undefined) yield { value: read, labels: [] };
    },
  };
}

function byStream(
  name: string,
  kind: Family['kind'],
  help: string,
  value: (of: Readonly<StreamAccounting>) => number,
): Family {
  return {
    name,
    kind,
    labels: ['stream'],
    help,
    *read({ pipeline: { accounting } }) {
      for (const [stream, counts] of accounting) yield { value: value(counts), labels: [stream] };
    },
  };
}

function bySink(
  name: string,
  kind: Family['kind'],
  help: string,
  value: (of: SinkStatus) => number,
): Family {
  return {
    name,
    kind,
    labels: ['sink'],
    help,
    *read({ pipeline: { sinks } }) {
      for (const sink of sinks) yield { value: value(sink), labels: [sink.name] };
    },
  };
}

/** Not `quantile`: Prometheus keeps that label for summaries, whose sum and count we do not have. */
function byPercentile(
  name: string,
  help: string,
  ms: (of: PipelineStatus) => { readonly p50: number; readonly p99: number } | null,
): Family {
  return {
    name,
    kind: 'gauge',
    labels: ['percentile'],
    help,
    *read({ pipeline }) {
      const times = ms(pipeline);
      if (!times) return;
      yield { value: seconds(times.p50), labels: ['50'] };
      yield { value: seconds(times.p99), labels: ['99'] };
    },
  };
}

function spread(
  name: string,
  help: string,
  values: (of: StreamSpread) => Percentiles | null,
): Family {
  return {
    name,
    kind: 'gauge',
    labels: ['stream', 'percentile'],
    help,
    *read({ spreads }) {
      for (const [stream, of] of spreads) {
        const read = values(of);
        if (!read) continue;
        for (const p of PERCENTILES) yield { value: read[p], labels: [stream, String(p)] };
      }
    },
  };
}

function flag(value: boolean): number {
  return value ? 1 : 0;
}

function seconds(ms: number): number {
  return ms / 1000;
}
