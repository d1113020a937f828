/** One series: what came, what was forecast, what is to come, and how that fared. */
import { type DashboardSpec, fixed, override } from './panels.ts';
import { type Aggregate, innerBounds, type OverTime, tagValues, type Where } from './queries.ts';
import { COVERAGE_STEPS, SKILL_STEPS, SKILL_TEXT } from './words.ts';

const OURS: Where = { series: true };
const OUTSIDE = { legend: true, tooltip: false, viz: false };

function line(from: string, of: string, as: string): OverTime {
  const select: Aggregate[] = [{ by: 'mean', of, as }];
  return { kind: 'over-time', from, select, where: OURS };
}

function band(lower: string, upper: string, opacity: number) {
  const edge = { color: fixed('blue'), 'custom.lineWidth': 0, 'custom.hideFrom': OUTSIDE };
  return [
    override(lower, edge),
    override(upper, { ...edge, 'custom.fillBelowTo': lower, 'custom.fillOpacity': opacity }),
  ];
}

function newest(field: string, as: string) {
  return {
    kind: 'over-newest',
    select: { by: 'mean', of: field, as },
    rows: {
      kind: 'newest',
      from: 'forecast_score',
      fields: [field],
      where: { series: true, lead: true },
      each: ['series'],
    },
  } as const;
}

function byLead(of: string, as: string, abs = false): OverTime {
  const select: Aggregate[] = [{ by: 'mean', of, as, abs }];
  return { kind: 'over-time', from: 'forecast_score', select, where: OURS, split: 'lead' };
}

const LEAD_NAME = { alias: 'lead $tag_lead' };
const LINE_NAME = 'lead ${__field.labels.lead}';

export const SERIES: DashboardSpec = {
  uid: 'foretide-series',
  title: 'Foretide: series',
  description: 'One series: values, forecasts with intervals into the future, errors, anomalies.',
  time: { from: 'now-30m', to: 'now+15m' },
  refresh: '10s',
  variables: [
    {
      name: 'series',
      label: 'Series',
      type: 'query',
      description: 'The series that is looked at.',
      query: {
        influxql: tagValues('influxql', 'forecast', 'series'),
        sql: tagValues('sql', 'forecast', 'series'),
      },
      sort: 1,
    },
    {
      name: 'lead',
      label: 'Lead',
      type: 'query',
      description: 'How many steps ahead the past forecasts were made.',
      query: {
        influxql: tagValues('influxql', 'forecast_score', 'lead'),
        sql: tagValues('sql', 'forecast_score', 'lead'),
      },
      sort: 3,
    },
    {
      name: 'inner',
      label: 'Inner interval',
      type: 'query',
      description: 'Coverage in percent of the narrower band, where there is more than one.',
      query: { influxql: innerBounds('influxql'), sql: innerBounds('sql') },
      regex: '/^lower_(.+)$/',
      sort: 3,
    },
  ],
  annotations: [
    {
      name: 'Changes of the errors',
      color: 'red',
      text: 'kind',
      query: {
        kind: 'raw',
        from: 'forecast_event',
        fields: ['strength'],
        tags: ['kind'],
        where: OURS,
      },
    },
  ],
  panels: [
    {
      type: 'timeseries',
      title: '$series',
      description:
        'What came, and for each moment the newest forecast made for it, with the widest interval and the chosen inner one. Right of now: what is still to come.',
      size: [24, 11],
      targets: [
        { alias: 'actual', query: line('actual', 'value', 'actual') },
        { alias: 'forecast', query: line('forecast', 'mean', 'forecast') },
        { alias: 'lower', query: line('forecast', 'lower', 'lower') },
        { alias: 'upper', query: line('forecast', 'upper', 'upper') },
        { alias: 'inner lower', query: line('forecast', 'lower_${inner}', 'inner lower') },
        { alias: 'inner upper', query: line('forecast', 'upper_${inner}', 'inner upper') },
      ],
      overrides: [
        override('actual', { color: fixed('green'), 'custom.lineWidth': 2 }),
        override('forecast', {
          color: fixed('blue'),
          'custom.lineStyle': { fill: 'dash', dash: [6, 4] },
        }),
        ...band('lower', 'upper', 12),
        ...band('inner lower', 'inner upper', 18),
      ],
    },
    {
      type: 'stat',
      title: 'Skill at lead $lead',
      description: SKILL_TEXT,
      size: [4, 4],
      decimals: 2,
      targets: [{ query: newest('skill', 'skill') }],
      steps: SKILL_STEPS,
    },
    {
      type: 'stat',
      title: 'Coverage at lead $lead',
      description:
        'Share of values that the widest interval held lately. It should be close to what the stream is configured with (0.9 where nothing is said).',
      size: [4, 4],
      unit: 'percentunit',
      decimals: 1,
      targets: [{ query: newest('coverage', 'coverage') }],
      steps: COVERAGE_STEPS,
    },
    {
      type: 'state-timeline',
      title: 'How unusual',
      description:
        'Anomaly score of each step, by what this series has done before: green as usual, orange from 0.55, red from 0.7. One scale for all series.',
      size: [16, 4],
      min: 0,
      max: 1,
      decimals: 3,
      custom: { lineWidth: 0, fillOpacity: 80 },
      targets: [
        {
          alias: 'anomaly',
          query: {
            kind: 'over-time',
            from: 'actual',
            select: [{ by: 'max', of: 'anomaly', as: 'anomaly' }],
            where: OURS,
          },
        },
      ],
      steps: [['green'], ['orange', 0.55], ['red', 0.7]],
    },
    {
      type: 'timeseries',
      title: 'Forecasts made $lead steps before',
      description:
        'What was forecast for each step, so many steps before it came, and what then came. No hindsight: each forecast was made blind.',
      size: [12, 8],
      targets: [
        {
          alias: '$col',
          query: {
            kind: 'over-time',
            from: 'forecast_score',
            select: [
              { by: 'mean', of: 'forecast', as: 'forecast' },
              { by: 'mean', of: 'actual', as: 'actual' },
            ],
            where: { series: true, lead: true },
          },
        },
      ],
      overrides: [
        override('actual', { color: fixed('green'), 'custom.lineWidth': 2 }),
        override('forecast', { color: fixed('blue') }),
      ],
    },
    {
      type: 'timeseries',
      title: 'Mean size of the error by lead',
      description: 'How far the forecasts were off, by how many steps ahead they were made.',
      size: [12, 8],
      min: 0,
      lineName: LINE_NAME,
      targets: [{ ...LEAD_NAME, query: byLead('error', 'error', true) }],
    },
    {
      type: 'timeseries',
      title: 'Skill by lead',
      description: SKILL_TEXT,
      size: [12, 8],
      max: 1,
      decimals: 2,
      lineName: LINE_NAME,
      targets: [{ ...LEAD_NAME, query: byLead('skill', 'skill') }],
    },
    {
      type: 'timeseries',
      title: 'Coverage by lead',
      description:
        'Share of values that the widest interval held lately; it should stay close to what the stream is configured with.',
      size: [12, 8],
      unit: 'percentunit',
      min: 0,
      max: 1,
      lineName: LINE_NAME,
      targets: [{ ...LEAD_NAME, query: byLead('coverage', 'coverage') }],
    },
    {
      type: 'table',
      title: 'Changes of the errors',
      description:
        'Steps at which a change of the errors was sure: larger, smaller, or biased for good. After one, the forecasts learn faster. Strength is in (0, 1].',
      size: [24, 6],
      noValue: 'none',
      custom: { align: 'auto' },
      decimals: 2,
      targets: [
        {
          query: {
            kind: 'raw',
            from: 'forecast_event',
            fields: ['strength'],
            tags: ['kind'],
            where: OURS,
          },
        },
      ],
    },
  ],
};
