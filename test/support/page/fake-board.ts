import type {
  FutureForecast,
  NextForecast,
  RowOrder,
  RowQuery,
  Rows,
  SeriesBoardView,
  SeriesHistory,
  SeriesSummary,
} from '../../../src/observe/monitor.ts';
import { SERIES_STATES } from '../../../src/observe/monitor.ts';
import {
  anomaly,
  chance,
  type FakeSeries,
  mean,
  reach,
  SYMBOLS,
  symbolAt,
  value,
} from './fake-signals.ts';

export const LEADS = [1, 6, 24];
const HORIZON = 24;
const STEPS = 360;
const SPARK = 48;

/** As the daemon's own board answers, of what `fake-signals.ts` makes up. */
export class FakeBoard implements SeriesBoardView {
  readonly #all: readonly FakeSeries[];
  readonly #byName: ReadonlyMap<string, FakeSeries>;
  readonly #now: () => number;

  constructor(all: readonly FakeSeries[], now: () => number) {
    this.#all = all;
    this.#byName = new Map(all.map((series) => [series.name, series]));
    this.#now = now;
  }

  get size(): number {
    return this.#all.length;
  }

  find(name: string): FakeSeries | undefined {
    return this.#byName.get(name);
  }

  summary(name: string): SeriesSummary | undefined {
    const series = this.#byName.get(name);
    return series && this.#summary(series);
  }

  rows(query: RowQuery): Rows {
    const words = (query.search ?? '').toLowerCase().split(/\s+/).filter(Boolean);
    const fitting = this.#all.filter(({ name, state, stream }) => {
      if (query.state && state !== query.state) return false;
      if (query.stream && stream !== query.stream) return false;
      return words.every((word) => name.toLowerCase().includes(word));
    });
    const { sort, descending, offset = 0, limit = 50 } = query;
    if (sort) {
      const keys = new Map(fitting.map((series) => [series, this.#key(series, sort)]));
      fitting.sort((a, b) => compare(keys.get(a)!, keys.get(b)!, descending ?? false));
    }
    const rows = fitting.slice(offset, offset + limit).map((series) => this.#summary(series));
    return { total: this.#all.length, matched: fitting.length, rows };
  }

  history(name: string, lead: number): SeriesHistory | undefined {
    const series = this.#byName.get(name);
    if (!series) return undefined;
    if (series.state === 'learning') return learningHistory(series, lead, this.#newest(series));
    return history(series, lead, this.#newest(series));
  }

  #newest({ everyMs, state, id }: FakeSeries): number {
    const behind = state === 'stale' ? 20 + (id % 400) : 0;
    return Math.floor(this.#now() / everyMs) - behind;
  }

  #key(series: FakeSeries, sort: RowOrder): number | string | null {
    const { state, name } = series;
    if (sort === 'series') return name;
    if (sort === 'state') return SERIES_STATES.indexOf(state);
    if (sort === 'lastMs') return this.#newest(series) * series.everyMs;
    if (state === 'learning' && sort !== 'last') return null;
    if (sort === 'skill' || sort === 'coverage') return series[sort];
    const summary = this.#summary(series, 0);
    return summary[sort];
  }

  #summary(series: FakeSeries, spark = SPARK): SeriesSummary {
    const { name, stream, kind, state, everyMs, skill, coverage } = series;
    const k = this.#newest(series);
    const common = { series: name, stream, kind, state, lastMs: k * everyMs };
    const knows = state !== 'learning';
    if (kind === 'symbol') {
      const next: NextForecast = {
        targetMs: (k + 1) * everyMs,
        mean: SYMBOLS[symbolAt(series, k + 1)]!,
        ...{ lower: null, upper: null, probability: 0.83 },
      };
      const last = SYMBOLS[symbolAt(series, k)]!;
      return {
        ...common,
        last,
        next,
        skill,
        coverage: null,
        nominal: null,
        anomaly: 0.08,
        spark: [],
      };
    }
    const centre = mean(series, k + 1, 1);
    const half = reach(series, 1);
    const band = { lower: centre - half, upper: centre + half, probability: null };
    return {
      ...common,
      last: value(series, k) ?? value(series, k - 1),
      next: knows ? { targetMs: (k + 1) * everyMs, mean: centre, ...band } : null,
      skill: knows ? skill : null,
      coverage: knows ? coverage : null,
      nominal: knows ? 0.9 : null,
      anomaly: knows ? anomaly(series, k) : null,
      spark: Array.from({ length: spark }, (_, i) => value(series, k - spark + 1 + i)),
    };
  }
}

function history(series: FakeSeries, lead: number, newest: number): SeriesHistory {
  const { everyMs, kind, state } = series;
  const steps = Array.from({ length: STEPS }, (_, i) => newest - STEPS + 1 + i);
  const symbols = kind === 'symbol';
  const early = (i: number): boolean => i < 3 * lead;
  const half = reach(series, lead);
  const middle = steps.map((k, i) => {
    if (early(i)) return null;
    return symbols ? symbolAt(series, chance(9, k) < 0.08 ? k - 2 : k) : mean(series, k, lead);
  });
  const none = steps.map(() => null);
  return {
    ...{ leads: LEADS, lead, everyMs },
    timeMs: steps.map((k) => k * everyMs),
    actual: steps.map((k) => (symbols ? symbolAt(series, k) : value(series, k))),
    forecast: middle,
    lower: symbols ? none : middle.map((centre) => (centre === null ? null : centre - half)),
    upper: symbols ? none : middle.map((centre) => (centre === null ? null : centre + half)),
    anomaly: symbols ? none : steps.map((k) => anomaly(series, k)),
    changes: steps
      .filter((k) => k % 300 === 0 && (state === 'drifting' || series.id < 3))
      .map((k) => ({ timeMs: k * everyMs, kind: 'larger' })),
    future: symbols ? symbolFuture(series, newest) : future(series, newest),
    ...(symbols && { symbols: SYMBOLS }),
  };
}

function future(series: FakeSeries, newest: number): FutureForecast {
  const leads = Array.from({ length: HORIZON }, (_, i) => i + 1);
  const centre = leads.map((lead) => mean(series, newest + lead, lead));
  const bands = [0.9, 0.8].map((coverage) => {
    const part = coverage === 0.9 ? 1 : 0.78;
    return {
      coverage,
      lower: centre.map((at, i) => at - reach(series, i + 1, part)),
      upper: centre.map((at, i) => at + reach(series, i + 1, part)),
    };
  });
  return {
    issuedMs: newest * series.everyMs,
    targetMs: leads.map((lead) => (newest + lead) * series.everyMs),
    mean: centre,
    bands,
  };
}

function symbolFuture(series: FakeSeries, newest: number): FutureForecast {
  const leads = Array.from({ length: HORIZON }, (_, i) => i + 1);
  const probability = leads.map((lead) => {
    const likely = symbolAt(series, newest + lead);
    const sure = 0.9 - 0.5 * (lead / HORIZON);
    const rest = SYMBOLS.map((_, i): number => (i === likely ? 0 : i === 4 ? 0.1 : 1));
    const sum = rest.reduce((a, b) => a + b);
    return rest.map((part, i) => (i === likely ? sure : ((1 - sure) * part) / sum));
  });
  return {
    issuedMs: newest * series.everyMs,
    targetMs: leads.map((lead) => (newest + lead) * series.everyMs),
    mean: leads.map((lead) => symbolAt(series, newest + lead)),
    bands: [],
    probability,
  };
}

function learningHistory(series: FakeSeries, lead: number, newest: number): SeriesHistory {
  const steps = Array.from({ length: 9 }, (_, i) => newest - 8 + i);
  const none = steps.map(() => null);
  return {
    ...{ leads: [], lead, everyMs: series.everyMs },
    timeMs: steps.map((k) => k * series.everyMs),
    actual: steps.map((k) => value(series, k)),
    ...{ forecast: none, lower: none, upper: none, anomaly: none, changes: [] },
    future: { issuedMs: null, targetMs: [], mean: [], bands: [] },
  };
}

/** What is not known comes last either way. */
function compare(a: number | string | null, b: number | string | null, down: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const order =
    typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b));
  return down ? -order : order;
}
