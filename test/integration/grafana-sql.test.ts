/**
 * The SQL dashboards ask the same as the InfluxQL ones. InfluxDB 3 cannot be run here: its questions are
 * put to a PostgreSQL with the same points, and each must answer what a real InfluxDB 1.x answers to
 * the InfluxQL of the same panel.
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
  filled,
  HORIZON,
  NAMES,
  NOW_MS,
  offered,
  replayInto,
  variableQuery,
} from '../support/grafana.ts';
import { influxQuery } from '../support/influx-query.ts';
import { startInfluxd, type TestServer } from '../support/servers.ts';
import { SqlDatabase, type SqlRow } from '../support/sql-database.ts';

const [INFLUXQL, SQL] = [dashboards('influxql'), dashboards('sql')] as unknown as Dashboard[][];

let server: TestServer;
let sql: SqlDatabase;
beforeAll(async () => {
  server = await startInfluxd();
  sql = await SqlDatabase.of(await replayInto(server.url));
}, 300_000);
afterAll(async () => {
  await sql.close();
  await server.stop();
});

const FIRST: Chosen = { lead: '1', inner: '80', search: '', anomaly: '0.55', daemon: DAEMON };

/** Rows without their order and the spelling of times; columns that only one language gives left out. */
function comparable(rows: readonly SqlRow[], columns: readonly string[]): string[] {
  const cell = (value: unknown): unknown => {
    if (value instanceof Date) return value.getTime();
    if (typeof value === 'number') return Number(value.toPrecision(10));
    return value ?? null;
  };
  return rows.map((row) => JSON.stringify(columns.map((name) => [name, cell(row[name])]))).sort();
}

describe.each(SQL!.map((dashboard, i) => [dashboard.title, dashboard, INFLUXQL![i]!] as const))(
  '%s',
  (_, dashboard, original) => {
    // Changes are rare: the series' dashboard is asked for a longer time than it shows at first.
    const [from, to] = [dashboardTime('now-6h', NOW_MS), dashboardTime('now+15m', NOW_MS)];
    const inSql = (text: string, chosen: Chosen = {}): Promise<SqlRow[]> =>
      sql.query(filled(text, { ...FIRST, ...chosen }, from, to));

    it.each(dashboard.templating.list.filter(({ type }) => type === 'query'))(
      'variable $name offers what there is',
      async (variable) => {
        const expected: Readonly<Record<string, string[]>> = {
          series: [...NAMES, BAD, 'state/door/door'],
          lead: ['1', String(HORIZON)],
          inner: ['80'],
          daemon: [DAEMON],
        };
        const rows = await inSql(variableQuery(variable)!);
        const values = rows.map((row) => String(Object.values(row)[0]));
        expect(offered(values, variable).sort()).toEqual(expected[variable.name]!.sort());
      },
    );

    for (const [p, panel] of dashboard.panels.entries()) {
      it.each(panel.targets)(
        `"${panel.title.replaceAll('$', '')}" $refId says what InfluxQL does`,
        async (target) => {
          const { query } = original.panels[p]!.targets.find((t) => t.refId === target.refId)!;
          for (const series of [NAMES[0]!, NAMES[2]!]) {
            const chosen = { ...FIRST, series };
            const rows = await inSql(target.rawSql!, chosen);
            const text = filled(query!, chosen, from, to);
            const wanted = await influxQuery(server.url, text, { db: 'foretide' });
            if (series === NAMES[2]) expect(rows.length).toBeGreaterThan(0);
            // InfluxQL gives a time to every row; that of a sum means nothing.
            const columns = Object.keys(rows[0] ?? {});
            expect(comparable(rows, columns)).toEqual(comparable(wanted, columns));
          }
        },
      );
    }

    it('annotations say what InfluxQL does', async () => {
      for (const [a, { target }] of dashboard.annotations.list.entries()) {
        const rows = await inSql(target.rawSql!, { series: NAMES[2]! });
        expect(rows.length).toBeGreaterThan(0);
        const { query } = original.annotations.list[a]!.target;
        const text = filled(query!, { ...FIRST, series: NAMES[2]! }, from, to);
        const wanted = await influxQuery(server.url, text, { db: 'foretide' });
        expect(comparable(rows, ['time', 'kind'])).toEqual(comparable(wanted, ['time', 'kind']));
      }
    });
  },
);

it('each alert rule gets the answer that its InfluxQL gets', async () => {
  const original = alertsOf('influxql');
  for (const [i, { uid, data }] of alertsOf('sql').entries()) {
    const from = NOW_MS - data[0]!.relativeTimeRange!.from * 1_000;
    const rows = await sql.query(filled(data[0]!.model.rawSql!, {}, from, NOW_MS));
    expect(rows.length, uid).toBeGreaterThan(0);
    const text = filled(original[i]!.data[0]!.model.query!, {}, from, NOW_MS);
    const wanted = await influxQuery(server.url, text, { db: 'foretide' });
    const columns = Object.keys(rows[0]!);
    expect(comparable(rows, columns)).toEqual(comparable(wanted, columns));
  }
});
