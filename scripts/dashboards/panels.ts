/** What Grafana wants a panel, a variable and a dashboard to look like; plain JSON. */
import { type Language, type Query, queryText } from './queries.ts';

export type Json = { readonly [key: string]: unknown };

export interface Target {
  readonly query: Query;
  /** Of a line; InfluxQL knows `$tag_lead` and `$col` in it. */
  readonly alias?: string;
}

/** A colour from a value on; the first has none. */
export type Step = readonly [color: string, from?: number];

export interface PanelSpec {
  readonly type: 'timeseries' | 'stat' | 'table' | 'state-timeline' | 'bargauge';
  readonly title: string;
  /** A sentence or two for people who meet the number for the first time. */
  readonly description: string;
  readonly targets: readonly Target[];
  readonly size: readonly [width: number, height: number];
  readonly unit?: string;
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  readonly steps?: readonly Step[];
  /** Words for values. */
  readonly mappings?: Readonly<Record<number, string>>;
  /** Shown in place of nothing. */
  readonly noValue?: string;
  readonly custom?: Json;
  readonly options?: Json;
  readonly overrides?: readonly Json[];
  readonly transformations?: readonly Json[];
  /** Of a value or cell. */
  readonly links?: readonly Json[];
  /** Of each line, from its tags; SQL alone needs it, as InfluxQL has the alias. */
  readonly lineName?: string;
}

export interface Variable {
  readonly name: string;
  readonly label: string;
  readonly type: 'query' | 'textbox' | 'custom';
  readonly description: string;
  /** By language; of the others the value or values. */
  readonly query: string | Readonly<Record<Language, string>>;
  readonly regex?: string;
  /** 1: as text, 3: as numbers. */
  readonly sort?: number;
}

export const DATASOURCE = { type: 'influxdb', uid: '${datasource}' } as const;

/** From left to right, and on the next line where there is no more room. */
export function laidOut(specs: readonly PanelSpec[], language: Language): Json[] {
  let x = 0;
  let y = 0;
  let lineHeight = 0;
  return specs.map((spec, i) => {
    const [w, h] = spec.size;
    if (x + w > 24) {
      x = 0;
      y += lineHeight;
      lineHeight = 0;
    }
    const gridPos = { x, y, w, h };
    x += w;
    lineHeight = Math.max(lineHeight, h);
    return panel(spec, i + 1, gridPos, language);
  });
}

function panel(spec: PanelSpec, id: number, gridPos: Json, language: Language): Json {
  const { type, title, description, unit, decimals, min, max, steps, noValue, links } = spec;
  const isChart = type === 'timeseries';
  const asTable = type === 'stat' || type === 'table' || type === 'bargauge';
  const custom = isChart ? { ...CHART, ...spec.custom } : spec.custom;
  return {
    id,
    type,
    title,
    description,
    datasource: DATASOURCE,
    gridPos,
    // Finer than a second there is nothing, and SQL would ask for bins of none.
    interval: '1s',
    targets: spec.targets.map((target, i) => asked(target, REF_IDS[i]!, language, asTable)),
    ...(spec.transformations ? { transformations: spec.transformations } : {}),
    fieldConfig: {
      defaults: {
        ...(unit === undefined ? {} : { unit }),
        ...(decimals === undefined ? {} : { decimals }),
        ...(min === undefined ? {} : { min }),
        ...(max === undefined ? {} : { max }),
        ...(noValue === undefined ? {} : { noValue }),
        ...(links === undefined ? {} : { links }),
        ...(spec.mappings ? { mappings: [valueMapping(spec.mappings)] } : {}),
        ...(spec.lineName && language === 'sql' ? { displayName: spec.lineName } : {}),
        ...(steps ? thresholds(steps) : { color: { mode: 'palette-classic' } }),
        ...(custom ? { custom } : {}),
      },
      overrides: spec.overrides ?? [],
    },
    options: { ...(OPTIONS[type] ?? {}), ...spec.options },
  };
}

const REF_IDS = [...'ABCDEFGHIJKL'];

const CHART = {
  lineWidth: 1,
  fillOpacity: 0,
  showPoints: 'never',
  spanNulls: false,
  lineInterpolation: 'linear',
};

const OPTIONS: Readonly<Record<string, Json>> = {
  timeseries: {
    legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
    tooltip: { mode: 'multi', sort: 'none' },
  },
  stat: {
    reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
    colorMode: 'value',
    graphMode: 'none',
    textMode: 'auto',
    justifyMode: 'center',
    orientation: 'auto',
  },
  table: { showHeader: true, cellHeight: 'sm', footer: { show: false } },
  'state-timeline': {
    mergeValues: true,
    showValue: 'never',
    rowHeight: 0.9,
    legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
    tooltip: { mode: 'single', sort: 'none' },
  },
  bargauge: {
    reduceOptions: { calcs: ['lastNotNull'], fields: '', values: true },
    displayMode: 'gradient',
    orientation: 'horizontal',
    showUnfilled: true,
  },
};

function asked(
  { query, alias }: Target,
  refId: string,
  language: Language,
  asTable: boolean,
): Json {
  const text = queryText(query, language);
  const format = asTable || query.kind === 'raw' ? 'table' : 'time_series';
  const common = { refId, datasource: DATASOURCE, rawQuery: true };
  if (language === 'sql') return { ...common, rawSql: text, format, editorMode: 'code' };
  return { ...common, query: text, resultFormat: format, ...(alias ? { alias } : {}) };
}

function thresholds(steps: readonly Step[]): Json {
  return { color: { mode: 'thresholds' }, thresholds: absolute(steps) };
}

export function valueMapping(words: Readonly<Record<number, string>>): Json {
  const options = Object.entries(words).map(([value, text], index) => [value, { text, index }]);
  return { type: 'value', options: Object.fromEntries(options) };
}

export function absolute(steps: readonly Step[]): Json {
  return {
    mode: 'absolute',
    steps: steps.map(([color, value]) => ({ color, value: value ?? null })),
  };
}

/** How one line or column differs. */
export function override(field: string, properties: Readonly<Record<string, unknown>>): Json {
  return {
    matcher: { id: 'byName', options: field },
    properties: Object.entries(properties).map(([id, value]) => ({ id, value })),
  };
}

export function fixed(fixedColor: string): Json {
  return { mode: 'fixed', fixedColor };
}

export function hidden(field: string): Json {
  return override(field, { 'custom.hidden': true });
}

/** Rows in the order of a column, and the first so many of them. */
export function firstRows(field: string, descending: boolean, count: number): Json[] {
  return [
    { id: 'sortBy', options: { fields: {}, sort: [{ field, desc: descending }] } },
    { id: 'limit', options: { limitField: String(count) } },
  ];
}

export interface DashboardSpec {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly time: { readonly from: string; readonly to: string };
  readonly refresh: string;
  readonly variables: readonly Variable[];
  readonly panels: readonly PanelSpec[];
  readonly annotations?: readonly {
    readonly name: string;
    readonly color: string;
    readonly query: Query;
    readonly text: string;
  }[];
}

/** The same dashboard has another uid in each language: both may be loaded. */
export function uidIn(language: Language, uid: string): string {
  return language === 'sql' ? `${uid}-sql` : uid;
}

export function dashboard(spec: DashboardSpec, language: Language): Json {
  const inLanguage = language === 'sql' ? 'SQL' : 'InfluxQL';
  return {
    uid: uidIn(language, spec.uid),
    title: language === 'sql' ? `${spec.title} (SQL)` : spec.title,
    description: spec.description,
    tags: ['foretide', language],
    editable: true,
    schemaVersion: 39,
    version: 1,
    timezone: 'browser',
    refresh: spec.refresh,
    graphTooltip: 1,
    time: spec.time,
    timepicker: {},
    templating: {
      list: [
        {
          name: 'datasource',
          label: `Database (${inLanguage})`,
          type: 'datasource',
          query: 'influxdb',
          refresh: 1,
          includeAll: false,
          multi: false,
        },
        ...spec.variables.map((variable) => variableJson(variable, language)),
      ],
    },
    annotations: { list: (spec.annotations ?? []).map((a) => annotation(a, language)) },
    links: [
      {
        title: 'Foretide',
        type: 'dashboards',
        icon: 'external link',
        tooltip: 'The other dashboards',
        url: '',
        tags: ['foretide', language],
        asDropdown: false,
        targetBlank: false,
        includeVars: false,
        keepTime: false,
      },
    ],
    panels: laidOut(spec.panels, language),
  };
}

function variableJson(variable: Variable, language: Language): Json {
  const { name, label, type, description, regex = '', sort = 0 } = variable;
  const query = typeof variable.query === 'string' ? variable.query : variable.query[language];
  const common = { name, label, type, description, hide: 0, skipUrlSync: false };
  if (type === 'textbox') {
    return { ...common, query, current: { text: query, value: query }, options: [] };
  }
  if (type === 'custom') {
    const values = query.split(',').map((value) => value.trim());
    const options = values.map((value, i) => ({ text: value, value, selected: i === 0 }));
    return { ...common, query, current: options[0], options, includeAll: false, multi: false };
  }
  const asked =
    language === 'sql'
      ? { query, rawQuery: true, rawSql: query, format: 'table', refId: name }
      : query;
  return {
    ...common,
    datasource: DATASOURCE,
    query: asked,
    definition: query,
    regex,
    sort,
    refresh: 2,
    includeAll: false,
    multi: false,
  };
}

function annotation(
  { name, color, query, text }: NonNullable<DashboardSpec['annotations']>[number],
  language: Language,
): Json {
  const asked = queryText(query, language);
  const target =
    language === 'sql'
      ? { refId: 'Anno', rawQuery: true, rawSql: asked, format: 'table', editorMode: 'code' }
      : { refId: 'Anno', rawQuery: true, query: asked, textColumn: text, fromAnnotations: true };
  const mappings =
    language === 'sql' ? { mappings: { text: { source: 'field', value: text } } } : {};
  return {
    name,
    enable: true,
    hide: false,
    iconColor: color,
    datasource: DATASOURCE,
    target,
    ...mappings,
  };
}
