/**
 * Every question of the InfluxQL dashboards, put to a real InfluxDB that a replay has filled, with
 * Grafana's variables and macros filled in. A question without rows would be an empty panel.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dashboards } from '../../scripts/dashboards/index.ts';
import {
  alertsOf,
  BAD,
  type Chosen,
  DAEMON,
  type Dashboard,
  dashboardTime,
  EVERY_MS,
  filled,
  HORIZON,
  NAMES,
  NOW_MS,
  offered,
  replayInto,
  variableQuery,
} from '../support/grafana.ts';
import { type InfluxRow, influxQuery } from '../support/influx-query.ts';
import { startInfluxd, type TestServer } from '../support/servers.ts';

const ALL = dashboards('influxql') as unknown as Dashboard[];
const named = (uid: string): Dashboard => ALL.find((one) => one.uid === uid)!;

let server: TestServer;
beforeAll(async () => {
  server = await startInfluxd();
  await replayInto(server.url);
}, 300_000);
afterAll(() => server.stop());

/** One choice of each variable; `series` and `lead` are overridden where a test goes through them. */
const FIRST: Chosen = {
  series: NAMES[2]!,
  lead: '1',
  inner: '80',
  search: '',
  anomaly: '0.55',
  daemon: DAEMON,
};

function ask(dashboard: Dashboard, query: string, chosen: Chosen = {}): Promise<InfluxRow[]> {
  const [from, to] = [dashboard.time.from, dashboard.time.to].map((t) => dashboardTime(t, NOW_MS));
  return influxQuery(server.url, filled(query, { ...FIRST, ...chosen }, from!, to!), {
    db: 'foretide',
  });
}

async function choices(dashboard: Dashboard, name: string): Promise<string[]> {
  const variable = dashboard.templating.list.find((one) => one.name === name)!;
  const rows = await ask(dashboard, variableQuery(variable)!);
  return offered(
    rows.map((row) => String(row.value ?? row.fieldKey)),
    variable,
  );
}

describe.each(ALL)('$title', (dashboard) => {
  const variables = dashboard.templating.list.filter(({ type }) => type === 'query');
  it.each(variables)('variable $name offers what there is', async ({ name }) => {
    const expected: Readonly<Record<string, string[]>> = {
      series: [...NAMES, BAD, 'state/door/door'],
      lead: ['1', String(HORIZON)],
      inner: ['80'],
      daemon: [DAEMON],
    };
    expect((await choices(dashboard, name)).sort()).toEqual(expected[name]!.sort());
  });

  for (const panel of dashboard.panels) {
    it.each(panel.targets)(
      `"${panel.title.replaceAll('$', '')}" $refId has rows`,
      async ({ query }) => {
        // Changes and unusual steps are not had by every series: see below.
        const isRare = /forecast_event/.test(query!);
        for (const series of isRare ? [NAMES[2]!] : NAMES) {
          for (const lead of ['1', String(HORIZON)]) {
            const from =
              isRare && dashboard.uid === 'foretide-series' ? 'now-6h' : dashboard.time.from;
            const wide = { ...dashboard, time: { ...dashboard.time, from } };
            const rows = await ask(wide, query!, { series, lead });
            expect(rows.length, series).toBeGreaterThan(0);
            const values = rows.flatMap(Object.values);
            if (panel.type === 'timeseries') expect(values).not.toContain(null);
          }
        }
      },
    );
  }

  it('annotations have rows', async () => {
    const wide = { ...dashboard, time: { from: 'now-6h', to: 'now' } };
    for (const { target } of dashboard.annotations.list) {
      const rows = await ask(wide, target.query!);
      expect(rows.length).toBeGreaterThan(0);
      for (const { kind, strength } of rows) {
        expect(['larger', 'smaller', 'above', 'below']).toContain(kind);
        expect(Number(strength)).toBeGreaterThan(0);
      }
    }
  });
});

describe('what is drawn is what is meant', () => {
  const panel = (dashboard: Dashboard, title: string) =>
    dashboard.panels.find((one) => one.title === title)!;
  const overview = named('foretide-overview');
  const series = named('foretide-series');
  const one = async (title: string, chosen: Chosen = {}): Promise<InfluxRow> =>
    (await ask(overview, panel(overview, title).targets[0]!.query!, chosen))[0]!;

  it('values up to now, forecast and both bands beyond it, one within the other', async () => {
    const last = new Map<string, { time: number; value: number }>();
    for (const { query, alias } of series.panels[0]!.targets) {
      const row = (await ask(series, query!)).at(-1)!;
      const { time, ...values } = row;
      last.set(alias!, { time: Number(time), value: Number(Object.values(values)[0]) });
    }
    expect(last.get('actual')!.time).toBe(NOW_MS);
    const value = (name: string): number => {
      expect(last.get(name)!.time, name).toBe(NOW_MS + HORIZON * EVERY_MS);
      return last.get(name)!.value;
    };
    const band = ['lower', 'inner lower', 'forecast', 'inner upper', 'upper'].map(value);
    expect(band).toEqual(band.toSorted((a, b) => a - b));
    expect(new Set(band).size).toBe(5);
  });

  it('counts and means are those of the rows', async () => {
    const table = await ask(overview, panel(overview, 'Worst forecasts').targets[0]!.query!);
    const skills = table.map(({ skill }) => Number(skill));
    expect(skills).toHaveLength(NAMES.length + 2);
    expect((await one('Series')).series).toBe(skills.length);
    const mean = skills.reduce((sum, skill) => sum + skill, 0) / skills.length;
    expect(Number((await one('Mean skill')).skill)).toBeCloseTo(mean, 10);
    const worse = skills.filter((skill) => skill < 0).length;
    expect(worse).toBeGreaterThan(0);
    expect((await one('Worse than the last value')).series).toBe(worse);
    expect((await one('Series', { search: 'with.(' })).series).toBe(1);
    expect((await one('Series', { search: 'a/b' }))?.series).toBeUndefined();
  });

  it('the ratio of errors is a mean over series of sums over the range', async () => {
    const rows = await influxQuery(
      server.url,
      `SELECT error, naive_error FROM forecast_score WHERE lead = '1' GROUP BY "series"`,
      { db: 'foretide' },
    );
    const ratios = [...NAMES, BAD].map((name) => {
      const own = rows.filter((row) => row.series === name && row.error !== null);
      const sum = (key: string): number =>
        own.reduce((s, row) => s + Math.abs(Number(row[key])), 0);
      return sum('error') / sum('naive_error');
    });
    const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
    expect(Number((await one('Error ÷ that of the last value')).ratio)).toBeCloseTo(mean, 10);
  });

  it('shows the size of errors, not their signed mean, for each lead', async () => {
    const { targets } = panel(series, 'Mean size of the error by lead');
    const rows = await ask(series, targets[0]!.query!);
    expect(new Set(rows.map(({ lead }) => lead))).toEqual(new Set(['1', String(HORIZON)]));
    for (const { error } of rows) expect(Number(error)).toBeGreaterThanOrEqual(0);
  });
});

it('each alert rule asks something that has an answer, one for each of what it watches', async () => {
  for (const { uid, data } of alertsOf('influxql')) {
    const from = NOW_MS - data[0]!.relativeTimeRange!.from * 1_000;
    const text = filled(data[0]!.model.query!, {}, from, NOW_MS);
    const rows = await influxQuery(server.url, text, { db: 'foretide' });
    expect(rows.length, uid).toBeGreaterThan(0);
    if (uid === 'foretide-skill') {
      const bad = rows.filter(({ series, skill }) => series === BAD && Number(skill) < 0);
      expect(bad.length).toBeGreaterThan(0);
    }
  }
});
