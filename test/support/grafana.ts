/** Dashboards as Grafana would ask their questions, and a recording that gives all of them an answer. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alertRules } from '../../scripts/dashboards/alerts.ts';
import type { Language } from '../../scripts/dashboards/queries.ts';
import { parseConfig } from '../../src/config/load.ts';
import { Daemon } from '../../src/daemon/daemon.ts';
import { prepareCore } from '../../src/daemon/prepare.ts';
import { healthLines } from '../../src/observe/health/health-lines.ts';
import type { PipelineStatus } from '../../src/observe/monitor.ts';
import { createSinks } from '../../src/sink/registry.ts';
import { createSource } from '../../src/source/registry.ts';
import { collectLog } from './log.ts';
import { START_MS } from './points.ts';

export interface Target {
  readonly refId: string;
  readonly query?: string;
  readonly rawSql?: string;
  readonly alias?: string;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets: readonly Target[];
  readonly fieldConfig: {
    readonly defaults: Readonly<Record<string, unknown>>;
    readonly overrides: readonly {
      readonly matcher: { readonly id: string; readonly options: string };
      readonly properties: readonly { readonly id: string; readonly value: unknown }[];
    }[];
  };
}

export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query: string | { readonly query: string };
  readonly regex?: string;
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly time: { readonly from: string; readonly to: string };
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list: readonly { readonly target: Target }[] };
  readonly panels: readonly Panel[];
}

export const DAEMON = 'site/foretide';
export const EVERY_MS = 10_000;
export const STEPS = 420;
/** The newest step: the forecasts made there are for the two minutes after it. */
export const NOW_MS = START_MS + (STEPS - 1) * EVERY_MS;
export const HORIZON = 12;
/** One that gets stuck, with spikes, with a change of its level, and one that nobody can forecast. */
/** Made by hand, as no replay is that bad: skill below 0, and a day of unusual steps. */
export const BAD = 'made/bad';
export const NAMES = ["it's a name/with.(regex)*", 'θ b=1,c "d"', 'sensors/boiler', 'walk'];

/** The recording goes through the whole pipeline into a database and a file. @returns the file's lines */
export async function replayInto(influxUrl: string): Promise<string[]> {
  const dir = mkdtempSync(join(tmpdir(), 'foretide-grafana-'));
  const recording = join(dir, 'in.ndjson');
  const points = join(dir, 'out.lp');
  writeFileSync(recording, recorded().join('\n'));
  const text = `
source: { ndjson: { file: ${recording} } }
streams:
  - { topic: state/+, kind: symbol, payload: json, every: 10s, horizon: ${HORIZON}, model: { cell: none } }
  - { topic: "#", payload: number, every: 10s, horizon: ${HORIZON}, score_leads: [1, ${HORIZON}], model: { effort: low } }
sinks: { influx: { url: "${influxUrl}" }, line_protocol: { file: ${points} } }
shards: 1
state: { keep: false }
`;
  const config = parseConfig(text, 'replay', {}, dir);
  const { log } = collectLog();
  const daemon = new Daemon(config, {
    ...(await prepareCore(config, log)),
    source: await createSource(config),
    sinks: await createSinks(config, {}),
    live: false,
    log,
  });
  await daemon.run();
  const replayed = readFileSync(points, 'utf8').trim().split('\n');
  rmSync(dir, { recursive: true });
  const made = [...badSeries(), ...health()];
  const url = `${influxUrl}/write?db=foretide`;
  const answer = await fetch(url, { method: 'POST', body: made.join('\n') });
  if (answer.status !== 204) throw new Error(await answer.text());
  return [...replayed.filter((line) => !line.startsWith('#')), ...made];
}

function badSeries(): string[] {
  return Array.from({ length: 30 }, (_, i) => {
    const time = `${NOW_MS - i * EVERY_MS}000000`;
    const score = 'forecast=9,actual=1,error=8,naive_error=4,covered=0,coverage=0.5,skill=-1';
    return [
      `actual,series=${BAD} value=1,anomaly=0.75 ${time}`,
      `forecast,series=${BAD} mean=9,lower=8,upper=10,lower_80=8.5,upper_80=9.5,lead=1,issued=1 ${time}`,
      ...[1, HORIZON].map((lead) => `forecast_score,lead=${lead},series=${BAD} ${score} ${time}`),
      `forecast_event,kind=larger,series=${BAD} strength=0.5 ${time}`,
    ];
  }).flat();
}

/** Of a daemon that writes its own state every ten seconds; every field that there can be. */
function health(): string[] {
  return Array.from({ length: 60 }, (_, i) => {
    const nowMs = NOW_MS - i * EVERY_MS;
    const status: PipelineStatus = {
      ...{ instance: 'i', version: '1', nowMs, startedMs: START_MS, paused: false },
      source: { name: 'mqtt://h', connected: true, trouble: null, dropped: 1 },
      sinks: [
        {
          ...{ name: 'influx http://h/foretide', available: true, trouble: null },
          ...{ waiting: i, written: 1_000 - i, dropped: 0, rejected: 1, retries: 2 },
        },
      ],
      state: {
        ...{ dir: 'd', journalFullness: 0.25, journalEntries: 10 },
        ...{ unsavedSeries: 1, recoveringSeries: 0 },
      },
      accounting: new Map(
        ['state/+', '#'].map((stream) => [
          stream,
          {
            ...{ received: 106 - i, learned: 100 - i, duplicate: 1, late: 2, invalid: 1 },
            ...{ filtered: 1, pending: 1 },
          },
        ]),
      ),
      rates: { receivedPerSecond: 0.5, learnedPerSecond: 0.4, writtenPerSecond: 0.3 },
      latencyMs: { p50: 2, p99: 9 },
      eventLoopMs: { p50: 11, p99: 14 },
      residentBytes: 2e8,
      thinFactor: 1,
      series: { learning: 1, good: 2, drifting: 0, stale: 1, failing: 1 },
    };
    return healthLines(DAEMON, status).map((line) => `${line}000000`);
  }).flat();
}

function recorded(): string[] {
  let seed = 7;
  const noise = (): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed / 2 ** 31 - 0.5;
  };
  let walk = 0;
  return Array.from({ length: STEPS }, (_, i) => {
    const time = START_MS + i * EVERY_MS;
    const wave = Math.sin((2 * Math.PI * i) / 60) + noise() / 10;
    walk += noise();
    const spike = i === 300 || i === 400 ? 8 : 0;
    const values = [
      i < 405 ? wave : 0.5,
      wave + spike,
      i < 250 ? wave : 20 + 6 * wave + 8 * noise(),
      walk,
    ];
    const numbers = NAMES.map((topic, n) => ({ topic, time, payload: String(values[n]) }));
    const door = { topic: 'state/door', time, payload: { door: i % 20 < 15 ? 'shut' : 'open' } };
    return [...numbers, door].map((record) => JSON.stringify(record)).join('\n');
  });
}

export interface AlertRule {
  readonly uid: string;
  readonly data: readonly {
    readonly relativeTimeRange?: { readonly from: number };
    readonly model: { readonly query?: string; readonly rawSql?: string };
  }[];
}

export function alertsOf(language: Language): readonly AlertRule[] {
  return (alertRules(language) as { groups: { rules: AlertRule[] }[] }).groups[0]!.rules;
}

/** `now-30m` → ms. */
export function dashboardTime(text: string, nowMs: number): number {
  if (text === 'now') return nowMs;
  const [, sign, count, unit] = /^now([+-])(\d+)([smhd])$/.exec(text)!;
  const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit as 's'];
  return nowMs + Number(`${sign}${count}`) * unitMs;
}

export type Chosen = Readonly<Record<string, string>>;

/** What Grafana sends: its variables, in the format that each place asks for, and its macros put in. */
export function filled(text: string, chosen: Chosen, fromMs: number, toMs: number): string {
  const formats: Readonly<Record<string, (value: string) => string>> = {
    singlequote: (value) => `'${value.replaceAll("'", "\\'")}'`,
    sqlstring: (value) => `'${value.replaceAll("'", "''")}'`,
    regex: (value) => value.replace(/[\\^$*+?.()|[\]{}/]/g, '\\$&'),
    '': (value) => value,
  };
  const iso = (ms: number): string => new Date(ms).toISOString().replace('.000', '');
  const bin = (column: string): string =>
    `date_bin(interval '${EVERY_MS / 1_000} second', ${column}, timestamp '1970-01-01T00:00:00Z')`;
  const out = text
    .replace(/\$\{(\w+)(?::(\w+))?\}/g, (_, name: string, format = '') => {
      const value = chosen[name];
      if (value === undefined) throw new Error(`no variable ${name}`);
      return formats[format as string]!(value);
    })
    .replaceAll('$timeFilter', () => `time >= ${fromMs}ms and time <= ${toMs}ms`)
    .replaceAll('$__interval', () => `${EVERY_MS / 1_000}s`)
    .replace(/\$__timeFilter\(([^)]*)\)/g, (_, column: string) => {
      return `${column} >= '${iso(fromMs)}' AND ${column} <= '${iso(toMs)}'`;
    })
    .replace(/\$__dateBin\(([^)]*)\)/g, (_, column: string) => bin(column));
  const macro = /\$\w+|\$\{|\[\[/.exec(out)?.[0];
  if (macro) throw new Error(`a macro or variable that Grafana would not know: ${macro}`);
  return out;
}

/** The question of a variable; undefined for those that ask nobody. */
export function variableQuery({ type, query }: Variable): string | undefined {
  if (type !== 'query') return undefined;
  return typeof query === 'string' ? query : query.query;
}

/** What a variable offers: the rows, through its regex. */
export function offered(values: readonly string[], { regex = '' }: Variable): string[] {
  const pattern = /^\/(.*)\/$/.exec(regex)?.[1];
  if (pattern === undefined) return [...values];
  return values.flatMap((value) => new RegExp(pattern).exec(value)?.[1] ?? []);
}
