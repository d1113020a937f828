/**
 * What Grafana wants of a dashboard. It publishes no JSON schema of this form of dashboards, so the
 * rules that matter are written here.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { dashboards, grafanaFiles, LANGUAGES } from '../scripts/dashboards/index.ts';
import type { Dashboard, Panel } from './support/grafana.ts';
import { ROOT } from './support/root.ts';

const folder = join(ROOT, 'deploy/grafana');
const PANEL_TYPES = ['timeseries', 'stat', 'table', 'state-timeline'];
const DATASOURCE = { type: 'influxdb', uid: '${datasource}' };
/** Those of Grafana's list that are used here. */
const UNITS = ['percentunit', 'cps', 'ms', 's', 'bytes'];

it('the committed files are what is made now (else: npm run dashboards)', () => {
  for (const [path, text] of grafanaFiles()) {
    const file = join(folder, path);
    if (process.env.UPDATE) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    expect(readFileSync(file, 'utf8'), path).toBe(text);
  }
  const made = [...grafanaFiles().keys()].filter((path) => path.startsWith('dashboards/'));
  const there = readdirSync(join(folder, 'dashboards'), { recursive: true, encoding: 'utf8' });
  expect(there.filter((path) => path.endsWith('.json')).sort()).toEqual(
    made.map((path) => path.slice('dashboards/'.length)).sort(),
  );
});

const ALL = LANGUAGES.flatMap((language) => dashboards(language)) as unknown as Dashboard[];

it('no two dashboards have one uid, and each links to one that there is', () => {
  const uids = ALL.map(({ uid }) => uid);
  expect(new Set(uids).size).toBe(uids.length);
  const links = JSON.stringify(ALL).matchAll(/\/d\/([\w-]+)\?/g);
  const linked = [...links].map(([, uid]) => uid!);
  expect(new Set(linked)).toEqual(new Set(['foretide-series', 'foretide-series-sql']));
  for (const uid of linked) expect(uids).toContain(uid);
});

describe.each(ALL)('$title', (dashboard) => {
  const { panels, templating } = dashboard;
  const text = JSON.stringify(dashboard);

  it('has what every dashboard has', () => {
    expect(dashboard).toMatchObject({
      uid: expect.stringMatching(/^[\w-]{8,40}$/),
      schemaVersion: 39,
      editable: true,
      tags: ['foretide', expect.stringMatching(/^(influxql|sql)$/)],
      time: { from: expect.stringMatching(/^now/), to: expect.stringMatching(/^now/) },
    });
  });

  it('lays panels out on 24 columns, none over another', () => {
    const taken = new Set<string>();
    for (const { gridPos, title } of panels) {
      const { x, y, w, h } = gridPos;
      expect(x + w, title).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column++) {
        for (let row = y; row < y + h; row++) {
          expect(taken, title).not.toContain(`${column} ${row}`);
          taken.add(`${column} ${row}`);
        }
      }
    }
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });

  it.each(panels)('"$title" is a panel as Grafana knows it', (panel: Panel) => {
    expect(PANEL_TYPES).toContain(panel.type);
    expect(panel.description.length).toBeGreaterThan(20);
    expect(panel).toMatchObject({ datasource: DATASOURCE, interval: '1s' });
    const { unit, thresholds } = panel.fieldConfig.defaults as {
      unit?: string;
      thresholds?: { steps: { value: number | null }[] };
    };
    if (unit !== undefined) expect(UNITS).toContain(unit);
    const steps = thresholds?.steps.map(({ value }) => value ?? Number.NEGATIVE_INFINITY) ?? [];
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
    expect(new Set(panel.targets.map(({ refId }) => refId)).size).toBe(panel.targets.length);
    for (const target of panel.targets) {
      const sql = { rawSql: expect.stringMatching(/^SELECT /), format: expect.any(String) };
      const influxql = {
        query: expect.stringMatching(/^SELECT /),
        resultFormat: expect.any(String),
      };
      const isSql = dashboard.uid.endsWith('-sql');
      const common = { datasource: DATASOURCE, rawQuery: true };
      expect(target).toMatchObject({ ...common, ...(isSql ? sql : influxql) });
    }
  });

  it.each(panels)('"$title" styles only lines and columns that there are', (panel: Panel) => {
    const { targets, fieldConfig } = panel;
    const names = targets.flatMap(({ alias = '', query, rawSql }) => {
      const asked = query ?? rawSql!;
      const aliases = [...asked.matchAll(/"([^"]+)"/g)].map(([, name]) => name!);
      return [alias, ...aliases];
    });
    for (const { matcher, properties } of fieldConfig.overrides) {
      // Grafana names the time of a table itself.
      if (!/^time$/i.test(matcher.options)) expect(names).toContain(matcher.options);
      const below = properties.find(({ id }) => id === 'custom.fillBelowTo');
      if (below) expect(names).toContain(below.value);
    }
  });

  it('uses each of its variables, and no other', () => {
    const own = templating.list.map(({ name }) => name);
    const { templating: _, ...rest } = dashboard;
    const used = [...JSON.stringify(rest).matchAll(/\$\{?([a-z]\w*)/g)].map(([, name]) => name!);
    const known = ['timeFilter', 'tag_lead', 'tag_sink', 'col'];
    expect(new Set(used.filter((name) => !known.includes(name)))).toEqual(new Set(own));
    expect(text).not.toContain('undefined');
  });
});

describe.each([
  ['InfluxQL', 'provisioning/alerting/foretide.yaml'],
  ['SQL', 'influxdb3/alerting/foretide.yaml'],
])('alert rules in %s', (language, path) => {
  const file = parse(grafanaFiles().get(path)!) as {
    groups: {
      rules: {
        uid: string;
        condition: string;
        for: string;
        data: { refId: string; datasourceUid: string; model: Record<string, unknown> }[];
      }[];
    }[];
  };
  const rules = file.groups.flatMap((group) => group.rules);

  it('each ask the provisioned database, reduce the answer and hold it to a threshold', () => {
    expect(rules.length).toBeGreaterThanOrEqual(5);
    expect(new Set(rules.map(({ uid }) => uid)).size).toBe(rules.length);
    const sources = readFileSync(join(folder, 'provisioning/datasources/foretide.yaml'), 'utf8');
    const { uid } = (parse(sources) as { datasources: { uid: string }[] }).datasources[0]!;
    for (const { condition, data, uid: rule } of rules) {
      expect(rule).toMatch(/^[\w-]{1,40}$/);
      const [asked, reduced, held] = data;
      expect(data.map(({ refId }) => refId)).toEqual(['A', 'B', 'C']);
      expect(condition).toBe('C');
      expect(asked!.datasourceUid).toBe(uid);
      expect(asked!.model).toHaveProperty(language === 'SQL' ? 'rawSql' : 'query');
      expect(reduced!.model).toMatchObject({ type: 'reduce', expression: 'A' });
      expect(held!.model).toMatchObject({ type: 'threshold', expression: 'B' });
    }
  });
});
