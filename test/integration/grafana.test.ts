/**
 * Every query of the dashboard, run on a real InfluxDB that our sink has filled, with Grafana's
 * macros filled in as Grafana does. A query that returns no rows would be an empty panel.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configSchema } from '../../src/config/schema.ts';
import { createSinks } from '../../src/sink/registry.ts';
import type { SeriesPoints } from '../../src/store/points.ts';
import { type InfluxRow, influxQuery } from '../support/influx-query.ts';
import { leadScore, START_MS, seriesPoints } from '../support/points.ts';
import { startInfluxd, type TestServer } from '../support/servers.ts';

interface Target {
  readonly refId: string;
  readonly query: string;
  readonly alias?: string;
}
interface Panel {
  readonly title: string;
  readonly targets: readonly Target[];
  readonly fieldConfig: {
    readonly overrides: readonly {
      readonly matcher: { readonly id: string; readonly options: string };
      readonly properties: readonly { readonly id: string; readonly value: unknown }[];
    }[];
  };
}
interface Dashboard {
  readonly time: { readonly from: string; readonly to: string };
  readonly templating: {
    readonly list: readonly {
      readonly name: string;
      readonly type: string;
      readonly query: string;
    }[];
  };
  readonly panels: readonly Panel[];
}

const file = new URL('../../deploy/grafana/dashboards/foretide.json', import.meta.url);
const dashboard = JSON.parse(readFileSync(fileURLToPath(file), 'utf8')) as Dashboard;

const EVERY_MS = 10_000;
const HORIZON = 12;
/** The newest step: the forecasts made there are for the two minutes after it. */
const NOW_MS = START_MS + 100 * EVERY_MS;
const NAMES = ['sensors/boiler/temperature', "it's a name/with.(regex)*", 'θ b=1,c', 'line\nend'];

let server: TestServer;
beforeAll(async () => {
  server = await startInfluxd();
  const influx = { url: server.url };
  const config = configSchema.parse({ streams: [{ topic: 'a' }], sinks: { influx } });
  const [sink] = await createSinks(config, {});
  for (let time = START_MS; time <= NOW_MS; time += EVERY_MS) {
    expect(await sink!.write(NAMES.map((series, i) => step(series, time, i)))).toEqual([]);
  }
  await sink!.close();
});
afterAll(() => server.stop());

function step(series: string, issuedMs: number, offset: number): SeriesPoints {
  const index = (issuedMs - START_MS) / EVERY_MS;
  const actual = offset + Math.sin(index / 8);
  const mean = Float64Array.from({ length: HORIZON }, (_, i) => offset + Math.sin((index + i) / 8));
  const scores = [1, HORIZON].map((lead) =>
    leadScore({ lead, actual, forecast: actual + 0.1, error: lead % 2 ? 0.1 : -0.1 }),
  );
  return seriesPoints({
    ...{ series, issuedMs, actual, mean, scores },
    targetMs: mean.map((_, i) => issuedMs + (i + 1) * EVERY_MS),
    lower: mean.map((value) => value - 0.5),
    upper: mean.map((value) => value + 0.5),
  });
}

/** `now-30m` → ms. */
function dashboardTime(text: string): number {
  const [, sign, count, unit] = /^now([+-])(\d+)([smh])$/.exec(text)!;
  const unitMs = { s: 1_000, m: 60_000, h: 3_600_000 }[unit as 's' | 'm' | 'h'];
  return NOW_MS + Number(`${sign}${count}`) * unitMs;
}

/** What Grafana sends for a query: its macros and the chosen series put in. */
function filled(query: string, series: string): string {
  const { from, to } = dashboard.time;
  const range = `time >= ${dashboardTime(from)}ms and time <= ${dashboardTime(to)}ms`;
  const text = query
    .replaceAll('$timeFilter', range)
    .replaceAll('$__interval', `${EVERY_MS / 1000}s`)
    .replace(/\$\{series:singlequote\}/g, () => `'${series.replaceAll("'", "\\'")}'`);
  expect(text, 'a macro that this test does not know').not.toMatch(/\$|\[\[/);
  return text;
}

async function seriesChoices(): Promise<string[]> {
  const variable = dashboard.templating.list.find(({ name }) => name === 'series')!;
  const rows = await influxQuery(server.url, variable.query, { db: 'foretide' });
  return rows.map(({ value }) => String(value));
}

function run(target: Target, series: string): Promise<InfluxRow[]> {
  return influxQuery(server.url, filled(target.query, series), { db: 'foretide' });
}

describe('the Grafana dashboard', () => {
  it('offers every series', async () => {
    const encoded = NAMES.map((name) => name.replace('\n', '%0A'));
    expect((await seriesChoices()).sort()).toEqual(encoded.sort());
  });

  for (const panel of dashboard.panels) {
    for (const target of panel.targets) {
      it(`"${panel.title}" ${target.refId} has rows, whatever series is chosen`, async () => {
        for (const series of await seriesChoices()) {
          const rows = await run(target, series);
          expect(rows.length, series).toBeGreaterThan(0);
          for (const row of rows) expect(Object.values(row), series).not.toContain(null);
        }
      });
    }
  }

  it('draws what is meant: values up to now, forecast and interval beyond it', async () => {
    const [panel] = dashboard.panels;
    const rows = new Map<string, InfluxRow[]>();
    for (const target of panel!.targets) rows.set(target.alias!, await run(target, NAMES[0]!));
    const times = (name: string): number[] => rows.get(name)!.map(({ time }) => Number(time));
    expect(Math.max(...times('actual'))).toBe(NOW_MS);
    const horizonMs = NOW_MS + HORIZON * EVERY_MS;
    for (const name of ['forecast', 'lower', 'upper']) {
      expect(Math.max(...times(name)), name).toBe(horizonMs);
    }
    const last = (name: string): number => Number(rows.get(name)!.at(-1)!.mean);
    expect(last('upper') - last('forecast')).toBeCloseTo(0.5);
    expect(last('forecast') - last('lower')).toBeCloseTo(0.5);
  });

  it('shows the size of errors, not their signed mean, for each lead', async () => {
    const panel = dashboard.panels.find(({ title }) => /absolute error/.test(title))!;
    const rows = await run(panel.targets[0]!, NAMES[0]!);
    expect(new Set(rows.map(({ lead }) => lead))).toEqual(new Set(['1', String(HORIZON)]));
    for (const row of rows) expect(Number(row.mean)).toBeCloseTo(0.1);
  });

  it('has in its table every series and lead', async () => {
    const panel = dashboard.panels.find(({ title }) => title === 'All series')!;
    expect(await run(panel.targets[0]!, NAMES[0]!)).toHaveLength(NAMES.length * 2);
  });

  it('styles only lines that there are, and fills the band down to one of them', () => {
    for (const { targets, fieldConfig } of dashboard.panels) {
      const names = targets.map(({ alias }) => alias);
      for (const { matcher, properties } of fieldConfig.overrides) {
        expect(names).toContain(matcher.options);
        const band = properties.find(({ id }) => id === 'custom.fillBelowTo');
        if (band) expect(names).toContain(band.value);
      }
    }
  });
});
