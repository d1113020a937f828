/** Examples of Grafana's alert rules (unified alerting, as files). */
import { type Language, type OverTime, queryText, type Where } from './queries.ts';

interface Rule {
  readonly uid: string;
  readonly title: string;
  readonly summary: string;
  readonly description: string;
  readonly severity: 'info' | 'warning' | 'critical';
  readonly query: OverTime;
  /** How far back it looks, s. */
  readonly overS: number;
  readonly reducer: 'last' | 'max';
  readonly when: {
    readonly type: 'lt' | 'gt' | 'outside_range';
    readonly params: readonly number[];
  };
  /** How long it must hold. */
  readonly for: string;
  readonly noData: 'OK' | 'Alerting';
}

const FIRST_LEAD: Where = { lead: 1 };

function bySeries(from: string, by: 'mean' | 'max', of: string, where: Where = {}): OverTime {
  return { kind: 'over-time', from, select: [{ by, of, as: of }], where, split: 'series' };
}

const RULES: readonly Rule[] = [
  {
    uid: 'foretide-skill',
    title: 'Forecasts worse than the last value',
    summary: 'Forecasts of {{ $labels.series }} are worse than repeating its last value',
    description:
      'Skill at lead 1 has been below 0 for half an hour. Has the series changed its nature? See its errors and changes.',
    severity: 'warning',
    query: bySeries('forecast_score', 'mean', 'skill', FIRST_LEAD),
    overS: 1_800,
    reducer: 'last',
    when: { type: 'lt', params: [0] },
    for: '30m',
    noData: 'OK',
  },
  {
    uid: 'foretide-coverage',
    title: 'Intervals far from their coverage',
    summary: 'Intervals of {{ $labels.series }} hold {{ $values.B }} of the values',
    description:
      'For half an hour the widest interval has held less than 75 % or more than 99 % of the values lately; 90 % is what it should hold where nothing else is configured.',
    severity: 'info',
    query: bySeries('forecast_score', 'mean', 'coverage', FIRST_LEAD),
    overS: 1_800,
    reducer: 'last',
    when: { type: 'outside_range', params: [0.75, 0.99] },
    for: '30m',
    noData: 'OK',
  },
  {
    uid: 'foretide-anomaly',
    title: 'Unusual step',
    summary: '{{ $labels.series }} does what it has not done before',
    description: 'A step of the last five minutes has an anomaly score above 0.55.',
    severity: 'warning',
    query: bySeries('actual', 'max', 'anomaly'),
    overS: 300,
    reducer: 'max',
    when: { type: 'gt', params: [0.55] },
    for: '0s',
    noData: 'OK',
  },
  {
    uid: 'foretide-no-values',
    title: 'No values come in',
    summary: 'No value of any series for ten minutes',
    description:
      'Nothing was written to "actual" in the last ten minutes. Is the daemon there, its source connected, the database taking points?',
    severity: 'critical',
    query: {
      kind: 'over-time',
      from: 'actual',
      select: [{ by: 'count', of: 'value', as: 'value' }],
      where: {},
    },
    overS: 600,
    reducer: 'max',
    when: { type: 'lt', params: [1] },
    for: '0s',
    noData: 'Alerting',
  },
  {
    uid: 'foretide-daemon',
    title: 'The daemon is away, or has no source',
    summary: 'Foretide ({{ $labels.daemon }}) is away, or not connected to its source',
    description: 'It has not written its own state for five minutes, or is not connected.',
    severity: 'critical',
    query: {
      kind: 'over-time',
      from: 'foretide_health',
      select: [{ by: 'max', of: 'connected', as: 'connected' }],
      where: {},
      split: 'daemon',
    },
    overS: 300,
    reducer: 'max',
    when: { type: 'lt', params: [1] },
    for: '2m',
    noData: 'Alerting',
  },
  {
    uid: 'foretide-waiting',
    title: 'Points wait to be written',
    summary: '{{ $values.B }} steps wait for {{ $labels.sink }}',
    description:
      'For ten minutes more than 100,000 steps have waited: the other side is away or slow.',
    severity: 'warning',
    query: {
      kind: 'over-time',
      from: 'foretide_sink',
      select: [{ by: 'max', of: 'waiting', as: 'waiting' }],
      where: {},
      split: 'sink',
    },
    overS: 600,
    reducer: 'last',
    when: { type: 'gt', params: [100_000] },
    for: '10m',
    noData: 'OK',
  },
];

export function alertRules(language: Language): object {
  return {
    apiVersion: 1,
    groups: [
      {
        orgId: 1,
        name: 'foretide',
        folder: 'Foretide',
        interval: '1m',
        rules: RULES.map((rule) => ruleFile(rule, language)),
      },
    ],
  };
}

function ruleFile(rule: Rule, language: Language): object {
  const { uid, title, summary, description, severity, query, overS, reducer, when } = rule;
  const relativeTimeRange = { from: overS, to: 0 };
  const text = queryText(query, language);
  const asked =
    language === 'sql'
      ? { rawSql: text, format: 'time_series' }
      : { query: text, resultFormat: 'time_series' };
  return {
    uid,
    title,
    condition: 'C',
    for: rule.for,
    noDataState: rule.noData,
    execErrState: 'Error',
    labels: { severity },
    annotations: { summary, description },
    data: [
      {
        refId: 'A',
        relativeTimeRange,
        datasourceUid: 'foretide',
        model: { refId: 'A', rawQuery: true, ...asked, intervalMs: 60_000, maxDataPoints: 1_000 },
      },
      {
        refId: 'B',
        relativeTimeRange,
        datasourceUid: '__expr__',
        model: { refId: 'B', type: 'reduce', expression: 'A', reducer },
      },
      {
        refId: 'C',
        relativeTimeRange,
        datasourceUid: '__expr__',
        model: {
          refId: 'C',
          type: 'threshold',
          expression: 'B',
          conditions: [{ evaluator: when }],
        },
      },
    ],
  };
}
