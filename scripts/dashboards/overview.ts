/** All series at a glance: are the forecasts worth having, and where is something unusual? */
import {
  absolute,
  type DashboardSpec,
  firstRows,
  fixed,
  hidden,
  override,
  type PanelSpec,
  uidIn,
} from './panels.ts';
import { type Language, type Newest, tagValues } from './queries.ts';
import { COVERAGE_STEPS, SKILL_STEPS, SKILL_TEXT } from './words.ts';

const SCORED = { search: true, lead: true } as const;

const NEWEST: Newest = {
  kind: 'newest',
  from: 'forecast_score',
  fields: ['skill', 'coverage', 'forecast', 'actual', 'error'],
  where: SCORED,
  each: ['series'],
};
/** Series of symbols have a skill and none of the others. */
const NEWEST_SKILL: Newest = { ...NEWEST, fields: ['skill'] };
const NEWEST_COVERAGE: Newest = { ...NEWEST, fields: ['coverage'] };

const NUMBERS: readonly PanelSpec[] = [
  {
    type: 'stat',
    title: 'Series',
    description: 'Series with a scored forecast within the time range.',
    size: [4, 4],
    targets: [
      {
        query: {
          kind: 'over-newest',
          select: { by: 'count', of: 'skill', as: 'series' },
          rows: NEWEST_SKILL,
        },
      },
    ],
    noValue: '0',
    steps: [['blue']],
  },
  {
    type: 'stat',
    title: 'Mean skill',
    description: `The newest skill, a mean over the series. ${SKILL_TEXT}`,
    size: [4, 4],
    decimals: 2,
    targets: [
      {
        query: {
          kind: 'over-newest',
          select: { by: 'mean', of: 'skill', as: 'skill' },
          rows: NEWEST_SKILL,
        },
      },
    ],
    steps: SKILL_STEPS,
  },
  {
    type: 'stat',
    title: 'Worse than the last value',
    description:
      'Series whose newest skill is below 0: for these, repeating the last value would have been better lately.',
    size: [4, 4],
    noValue: '0',
    targets: [
      {
        query: {
          kind: 'over-newest',
          select: { by: 'count', of: 'skill', as: 'series' },
          rows: NEWEST_SKILL,
          having: '"skill" < 0',
        },
      },
    ],
    steps: [['green'], ['orange', 1]],
  },
  {
    type: 'stat',
    title: 'Error ÷ that of the last value',
    description:
      'Mean size of the errors within the time range, divided by that of repeating the last value; a mean over series. Below 100 % the forecasts earn their place.',
    size: [4, 4],
    unit: 'percentunit',
    decimals: 0,
    targets: [
      {
        query: {
          kind: 'ratio',
          from: 'forecast_score',
          over: 'error',
          under: 'naive_error',
          where: SCORED,
          as: 'ratio',
        },
      },
    ],
    steps: [['green'], ['orange', 1], ['red', 1.25]],
  },
  {
    type: 'stat',
    title: 'Coverage',
    description:
      'Share of values that the widest interval held lately, a mean over the series. It should be close to what the stream is configured with (0.9 where nothing is said).',
    size: [4, 4],
    unit: 'percentunit',
    decimals: 1,
    targets: [
      {
        query: {
          kind: 'over-newest',
          select: { by: 'mean', of: 'coverage', as: 'coverage' },
          rows: NEWEST_COVERAGE,
        },
      },
    ],
    steps: COVERAGE_STEPS,
  },
  {
    type: 'stat',
    title: 'Unusual steps',
    description:
      'Steps of any series within the time range whose anomaly score is at or above the one chosen at the top.',
    size: [4, 4],
    noValue: '0',
    targets: [
      {
        query: {
          kind: 'total',
          from: 'actual',
          select: { by: 'count', of: 'anomaly', as: 'steps' },
          where: { search: true, anomalous: true },
        },
      },
    ],
    steps: [['green'], ['orange', 1]],
  },
];

const CHARTS: readonly PanelSpec[] = [
  {
    type: 'timeseries',
    title: 'Skill, over all series',
    description: `Mean, best and worst of the series. ${SKILL_TEXT}`,
    size: [12, 8],
    max: 1,
    decimals: 2,
    custom: { thresholdsStyle: { mode: 'line' } },
    targets: [
      {
        alias: '$col',
        query: {
          kind: 'over-time',
          from: 'forecast_score',
          select: [
            { by: 'max', of: 'skill', as: 'best' },
            { by: 'mean', of: 'skill', as: 'mean' },
            { by: 'min', of: 'skill', as: 'worst' },
          ],
          where: SCORED,
        },
      },
    ],
    overrides: [
      override('mean', { color: fixed('blue'), 'custom.lineWidth': 2 }),
      override('best', { color: fixed('green') }),
      override('worst', { color: fixed('red') }),
    ],
  },
  {
    type: 'timeseries',
    title: 'Values inside the interval',
    description:
      'Share of the values that came that lay inside the widest interval, over all series. A band that holds too few is too narrow, one that holds all is of little use.',
    size: [12, 8],
    unit: 'percentunit',
    min: 0,
    max: 1,
    targets: [
      {
        alias: '$col',
        query: {
          kind: 'over-time',
          from: 'forecast_score',
          select: [{ by: 'mean', of: 'covered', as: 'covered' }],
          where: SCORED,
        },
      },
    ],
    overrides: [override('covered', { color: fixed('purple'), 'custom.fillOpacity': 10 })],
  },
];

function tables(language: Language): PanelSpec[] {
  const toSeries = {
    title: 'Open ${__value.text}',
    url: `/d/${uidIn(language, 'foretide-series')}?var-datasource=\${datasource}&var-series=\${__value.raw:percentencode}`,
    targetBlank: false,
  };
  const columns = [
    hidden('time'),
    hidden('Time'),
    override('series', { links: [toSeries], 'custom.minWidth': 180 }),
    override('skill', {
      decimals: 2,
      'custom.cellOptions': { type: 'color-text' },
      color: { mode: 'thresholds' },
      thresholds: absolute(SKILL_STEPS),
    }),
    override('coverage', { unit: 'percentunit', decimals: 0 }),
  ];
  const bySkill = (title: string, words: string, largest: boolean): PanelSpec => ({
    type: 'table',
    title: `${title} forecasts`,
    description: `The ten series of ${words} skill, with their newest score. ${SKILL_TEXT}`,
    size: [12, 9],
    targets: [{ query: NEWEST }],
    transformations: firstRows('skill', largest, 10),
    overrides: columns,
    custom: { align: 'auto' },
  });
  return [
    bySkill('Worst', 'least', false),
    bySkill('Best', 'most', true),
    {
      type: 'table',
      title: 'Most unusual steps',
      description:
        'The most unusual step of each series within the time range, the most unusual first: its time, its value, and its anomaly score (0 as usual, above 0.55 unusual; one scale for all series).',
      size: [12, 9],
      targets: [
        {
          query: {
            kind: 'newest',
            from: 'actual',
            fields: ['anomaly', 'value'],
            largest: true,
            where: { search: true },
            each: ['series'],
          },
        },
      ],
      transformations: firstRows('anomaly', true, 10),
      custom: { align: 'auto' },
      overrides: [
        override('series', { links: [toSeries], 'custom.minWidth': 180 }),
        override('anomaly', {
          min: 0,
          max: 1,
          decimals: 3,
          'custom.cellOptions': { type: 'gauge', mode: 'gradient' },
          color: { mode: 'continuous-GrYlRd' },
        }),
      ],
    },
  ];
}

const UNUSUAL: PanelSpec = {
  type: 'timeseries',
  title: 'Unusual steps and changes',
  description:
    'Steps at or above the chosen anomaly score, and sure changes of the errors (larger, smaller, biased for good), over all series.',
  size: [12, 9],
  min: 0,
  decimals: 0,
  custom: { drawStyle: 'bars', fillOpacity: 60, stacking: { mode: 'none', group: 'A' } },
  targets: [
    {
      alias: '$col',
      query: {
        kind: 'over-time',
        from: 'actual',
        select: [{ by: 'count', of: 'anomaly', as: 'unusual' }],
        where: { search: true, anomalous: true },
      },
    },
    {
      alias: '$col',
      query: {
        kind: 'over-time',
        from: 'forecast_event',
        select: [{ by: 'count', of: 'strength', as: 'changes' }],
        where: { search: true },
      },
    },
  ],
  overrides: [
    override('unusual', { color: fixed('orange') }),
    override('changes', { color: fixed('red') }),
  ],
};

export function overview(language: Language): DashboardSpec {
  return {
    uid: 'foretide-overview',
    title: 'Foretide: overview',
    description: 'All series: how good the forecasts are, and where something is unusual.',
    time: { from: 'now-6h', to: 'now' },
    refresh: '30s',
    variables: [
      {
        name: 'search',
        label: 'Series with',
        type: 'textbox',
        description: 'Only series whose name holds this text; empty: all.',
        query: '',
      },
      {
        name: 'lead',
        label: 'Lead',
        type: 'query',
        description: 'How many steps ahead the forecasts were made that are judged here.',
        query: {
          influxql: tagValues('influxql', 'forecast_score', 'lead'),
          sql: tagValues('sql', 'forecast_score', 'lead'),
        },
        sort: 3,
      },
      {
        name: 'anomaly',
        label: 'Unusual from',
        type: 'custom',
        description:
          'The anomaly score from which a step counts as unusual; about 0.55 serves all series.',
        query: '0.55, 0.6, 0.7, 0.8, 0.5',
      },
    ],
    panels: [...NUMBERS, ...CHARTS, ...tables(language), UNUSUAL],
  };
}
