/** The daemon itself: what comes in, what becomes of it, what waits, and what it costs. */
import {
  absolute,
  type DashboardSpec,
  fixed,
  hidden,
  override,
  type PanelSpec,
  valueMapping,
} from './panels.ts';
import { type Aggregate, type OverNewest, type OverTime, tagValues } from './queries.ts';

const OURS = { daemon: true } as const;

function newest(field: string): OverNewest {
  return {
    kind: 'over-newest',
    select: { by: 'max', of: field, as: field },
    rows: {
      kind: 'newest',
      from: 'foretide_health',
      fields: [field],
      where: OURS,
      each: ['daemon'],
    },
  };
}

/** Lines of several fields; their names as in the legend. */
function lines(fields: Readonly<Record<string, string>>): OverTime {
  const select = Object.entries(fields).map(([as, of]): Aggregate => ({ by: 'mean', of, as }));
  return { kind: 'over-time', from: 'foretide_health', select, where: OURS };
}

function stat(
  title: string,
  description: string,
  field: string,
  over: Partial<PanelSpec>,
): PanelSpec {
  const size = [4, 4] as const;
  return { type: 'stat', title, description, size, targets: [{ query: newest(field) }], ...over };
}

export const OPERATIONS: DashboardSpec = {
  uid: 'foretide-operations',
  title: 'Foretide: operations',
  description: 'The daemon: rates, accounting, what waits, sinks, event loop, memory.',
  time: { from: 'now-1h', to: 'now' },
  refresh: '10s',
  variables: [
    {
      name: 'daemon',
      label: 'Daemon',
      type: 'query',
      description: 'By its `base`.',
      query: {
        influxql: tagValues('influxql', 'foretide_health', 'daemon'),
        sql: tagValues('sql', 'foretide_health', 'daemon'),
      },
      sort: 1,
    },
  ],
  panels: [
    stat('Source', 'Whether messages come in.', 'connected', {
      steps: [['red'], ['green', 1]],
      options: { colorMode: 'background' },
      noValue: 'not heard of',
      mappings: { 0: 'away', 1: 'connected' },
    }),
    stat('Received', 'Samples a second, over the last ten seconds.', 'received_per_second', {
      unit: 'cps',
      decimals: 1,
      steps: [['blue']],
    }),
    stat(
      'Thinned to every',
      'Networks learn at every so many of their updates. Above 1 samples come faster than they can be learned; forecasts go on.',
      'thin_factor',
      { steps: [['green'], ['orange', 1.5]], decimals: 0 },
    ),
    stat(
      'Journal in use',
      'Share of the journal’s room that is in use. At its limit the source has to wait.',
      'journal_fullness',
      {
        unit: 'percentunit',
        steps: [['green'], ['orange', 0.7], ['red', 0.9]],
        noValue: 'none kept',
      },
    ),
    stat('Memory', 'Resident memory of the process.', 'resident_bytes', {
      unit: 'bytes',
      decimals: 1,
      steps: [['blue']],
    }),
    stat('Up for', 'Time since the start of the process.', 'uptime_s', {
      unit: 's',
      decimals: 1,
      steps: [['orange'], ['green', 60]],
    }),
    {
      type: 'timeseries',
      title: 'Rates',
      description:
        'Samples received and learned, and steps that the sinks have taken, a second. Learned below received for long: see the accounting.',
      size: [12, 8],
      unit: 'cps',
      min: 0,
      targets: [
        {
          alias: '$col',
          query: lines({
            received: 'received_per_second',
            learned: 'learned_per_second',
            written: 'written_per_second',
          }),
        },
      ],
      overrides: [
        override('received', { color: fixed('blue') }),
        override('learned', { color: fixed('green') }),
        override('written', { color: fixed('purple') }),
      ],
    },
    {
      type: 'timeseries',
      title: 'From message to forecast',
      description:
        'From the arrival of a message to its points being ready, over the last minute: half of them are faster than the lower line, 99 of 100 faster than the upper one.',
      size: [12, 8],
      unit: 'ms',
      min: 0,
      targets: [
        { alias: '$col', query: lines({ median: 'latency_p50_ms', '99 %': 'latency_p99_ms' }) },
      ],
    },
    {
      type: 'table',
      title: 'What became of the samples',
      description:
        'By stream, since the counts began: received = learned + duplicate + late + invalid + filtered + pending.',
      size: [24, 6],
      custom: { align: 'auto' },
      decimals: 0,
      overrides: [hidden('time'), hidden('Time')],
      targets: [
        {
          query: {
            kind: 'newest',
            from: 'foretide_stream',
            fields: ['received', 'learned', 'duplicate', 'late', 'invalid', 'filtered', 'pending'],
            where: OURS,
            each: ['stream'],
          },
        },
      ],
    },
    {
      type: 'timeseries',
      title: 'Steps waiting',
      description:
        'Steps that wait to be written, by sink. Growing: the other side is away or too slow; what does not fit into memory is kept on disk.',
      size: [12, 8],
      min: 0,
      decimals: 0,
      lineName: '${__field.labels.sink}',
      targets: [
        {
          alias: '$tag_sink',
          query: {
            kind: 'over-time',
            from: 'foretide_sink',
            select: [{ by: 'max', of: 'waiting', as: 'waiting' }],
            where: OURS,
            split: 'sink',
          },
        },
      ],
    },
    {
      type: 'table',
      title: 'Sinks',
      description:
        'Steps written and dropped (for want of room, or too old), points refused for good, and batches offered again, since the start of the process.',
      size: [12, 8],
      custom: { align: 'auto' },
      decimals: 0,
      overrides: [
        hidden('time'),
        hidden('Time'),
        override('available', {
          'custom.cellOptions': { type: 'color-text' },
          color: { mode: 'thresholds' },
          thresholds: absolute([['red'], ['green', 1]]),
          mappings: [valueMapping({ 0: 'no', 1: 'yes' })],
        }),
      ],
      targets: [
        {
          query: {
            kind: 'newest',
            from: 'foretide_sink',
            fields: ['available', 'waiting', 'written', 'dropped', 'rejected', 'retries'],
            where: OURS,
            each: ['sink'],
          },
        },
      ],
    },
    {
      type: 'timeseries',
      title: 'Event loop',
      description:
        'How late the main thread comes to its work, over the last minute. Tens of milliseconds are usual; seconds mean that it is kept busy or has no processor.',
      size: [8, 8],
      unit: 'ms',
      min: 0,
      targets: [
        {
          alias: '$col',
          query: lines({ median: 'event_loop_p50_ms', '99 %': 'event_loop_p99_ms' }),
        },
      ],
    },
    {
      type: 'timeseries',
      title: 'Memory',
      description: 'Resident memory of the process.',
      size: [8, 8],
      unit: 'bytes',
      min: 0,
      custom: { fillOpacity: 15 },
      targets: [{ alias: '$col', query: lines({ resident: 'resident_bytes' }) }],
      overrides: [override('resident', { color: fixed('blue') })],
    },
    {
      type: 'timeseries',
      title: 'State on disk',
      description:
        'Entries of the journal, and series whose newest learning is in the journal alone or not yet taken up after a start.',
      size: [8, 8],
      min: 0,
      decimals: 0,
      targets: [
        {
          alias: '$col',
          query: lines({
            entries: 'journal_entries',
            unsaved: 'unsaved_series',
            recovering: 'recovering_series',
          }),
        },
      ],
      overrides: [override('entries', { 'custom.axisPlacement': 'right' })],
    },
  ],
};
