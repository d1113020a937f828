/**
 * What the page costs: the board alone (bytes and time a step, time a query), and the daemon with
 * 10,000 series at 1 Hz through its embedded broker, without the page, with it, and with four viewers
 * (two lists, a series, the pipeline): event loop, resident memory, bytes an update, time to the first
 * byte of a list. No network, no sinks: what is measured is not hidden behind learning.
 *
 *   npm run bench:page [-- --seconds 65 --series 10000 --shards 1 --json]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import mqtt from 'mqtt';
import { SeriesBoard } from '../../src/observe/board/series-board.ts';
import type { PipelineReport } from '../../src/observe/http/api.ts';
import type { RowQuery } from '../../src/observe/monitor.ts';
import type { SeriesPoints } from '../../src/store/points.ts';

const { values: options } = parseArgs({
  options: {
    /** The delay of the event loop is that of the last minute: the start is to be behind it. */
    seconds: { type: 'string', default: '65' },
    series: { type: 'string', default: '10000' },
    shards: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const SERIES = Number(options.series);
const FIELDS = 100;
const HORIZON = 12;
const STEPS = 330;
/** The newest, when the rings are full. */
const TIMED_STEPS = 15;
const PORT = 18_484;
const BROKER = 18_883;
const main = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));
const URL_ = `http://127.0.0.1:${PORT}`;

/** One step, as the core gives it; of all series the same. */
function step(i: number): SeriesPoints {
  const issuedMs = 1_000 * i;
  const cells = (shift: number): Float64Array =>
    Float64Array.from({ length: HORIZON }, (_, k) => Math.sin((i + k) / 9) + shift);
  const score = (lead: number) => ({
    ...{ lead, forecast: 1, actual: 1, error: 0, naiveError: 1, covered: true, coverage: 0.9 },
    ...{ inner: [], skill: 0.5 },
  });
  return {
    ...{ stream: 's', series: '', issuedMs, actual: Math.sin(i / 9) },
    targetMs: Float64Array.from({ length: HORIZON }, (_, k) => issuedMs + 1_000 * (k + 1)),
    ...{ mean: cells(0), lower: cells(-1), upper: cells(1) },
    inner: [{ coverage: 0.8, lower: cells(-0.5), upper: cells(0.5) }],
    ...{ anomaly: 0.1, change: 0, scores: [score(1), score(HORIZON)] },
  };
}

const NAMES = Array.from({ length: SERIES }, (_, i) => `plant/line${i % 37}/sensor${i}`);

function boardAlone() {
  const board = new SeriesBoard({
    historySteps: 300,
    streamOf: () => ({ scoreLeads: [1, HORIZON], coverage: [0.9, 0.8] }),
  });
  const before = memory();
  let spentUs = 0;
  const batch = 1_000;
  for (let i = 0; i < STEPS; i++) {
    const all = step(i);
    for (let first = 0; first < SERIES; first += batch) {
      const points = NAMES.slice(first, first + batch).map((series) => ({ ...all, series }));
      const start = process.cpuUsage();
      board.add(points);
      if (i >= STEPS - TIMED_STEPS) spentUs += cpuUs(start);
    }
  }
  const bytes = (memory() - before) / SERIES;
  const queries: Record<string, RowQuery> = {
    'first page': {},
    'by skill': { sort: 'skill', descending: true },
    'by name': { sort: 'series' },
    'by state': { sort: 'state' },
    search: { search: 'line7 sensor1', sort: 'last' },
  };
  const queryMs = Object.entries(queries).map(([name, query]) => {
    return [name, median(20, () => board.rows(query))] as const;
  });
  return {
    ...{ ns_a_step: Math.round((1e3 * spentUs) / (SERIES * TIMED_STEPS)) },
    ...{
      bytes_a_series: Math.round(bytes),
      array_bytes_a_series: Math.round(board.bytes / SERIES),
    },
    query_ms: Object.fromEntries(queryMs),
    detail_ms: median(20, () => JSON.stringify(board.history(NAMES[7]!))),
    states_ms: median(20, () => board.states()),
  };
}

function memory(): number {
  if (!globalThis.gc) throw new Error('run with --expose-gc');
  // What the first finds, the second frees.
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function median(times: number, work: () => unknown): number {
  const ms = Array.from({ length: times }, () => {
    const start = process.cpuUsage();
    work();
    return cpuUs(start) / 1e3;
  });
  return Number(middle(ms).toFixed(2));
}

/** Of the processor: a busy machine does not count. */
function cpuUs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return user + system;
}

function middle(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function config(http: string): string {
  return `
base: bench
state: { keep: false }
shards: ${options.shards}
source: { mqtt: { embedded: { port: ${BROKER} }, qos: 0 } }
streams:
  - { topic: "in/+", time: t, every: 1s, aggregate: none, horizon: ${HORIZON}, seasons: [],
      series: "{topic[1]}/{field}", model: { effort: simple, cell: none } }
log: { level: error }
${http}
`;
}

/** 1 Hz of every series, spread over the second. */
async function publish(signal: AbortSignal): Promise<void> {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${BROKER}`);
  const topics = Math.ceil(SERIES / FIELDS);
  const startMs = performance.now();
  for (let i = 0; !signal.aborted; i++) {
    const second = Math.floor(i / topics);
    const fields = Array.from({ length: FIELDS }, (_, k) => {
      return [`f${k}`, Number(Math.sin((second + k) / 9).toFixed(4))];
    });
    const message = { t: 1_700_000_000_000 + 1_000 * second, ...Object.fromEntries(fields) };
    client.publish(`in/d${i % topics}`, JSON.stringify(message));
    const dueMs = startMs + (1_000 * (i + 1)) / topics;
    await sleep(Math.max(0, dueMs - performance.now()));
  }
  await client.endAsync();
}

/** Reads a stream; counts what comes. */
async function view(query: string, signal: AbortSignal) {
  const seen = { bytes: 0, updates: 0 };
  const answer = await fetch(`${URL_}/api/live?${query}`, { signal });
  void (async () => {
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
      seen.bytes += chunk.length;
      seen.updates += Buffer.from(chunk).toString('latin1').split('event: ').length - 1;
    }
  })().catch(() => {}); // the end of the measurement
  return seen;
}

async function firstByteMs(path: string): Promise<number> {
  const startMs = performance.now();
  const answer = await fetch(`${URL_}${path}`);
  const ms = performance.now() - startMs;
  await answer.arrayBuffer();
  return ms;
}

async function daemon(name: string, http: string, views: Readonly<Record<string, string>>) {
  const dir = mkdtempSync(join(tmpdir(), 'foretide-bench-'));
  writeFileSync(join(dir, 'config.yaml'), config(http));
  const child = spawn(process.execPath, [main, 'run', 'config.yaml'], {
    ...{ cwd: dir, stdio: ['ignore', 'inherit', 'inherit'] },
  });
  const stop = new AbortController();
  try {
    await connected();
    const published = publish(stop.signal);
    const streams = Object.entries(views);
    // All series are there, and code is compiled.
    await sleep(5_000);
    const seen = await Promise.all(
      streams.map(async ([view_, query]) => [view_, await view(query, stop.signal)] as const),
    );
    await sleep(1_000 * Number(options.seconds));
    const result = { residentMiB: residentMiB(child), ...(http && (await look())) };
    stop.abort();
    await published;
    const bytes = seen.map(([view_, { bytes, updates }]) => [view_, Math.round(bytes / updates)]);
    const outcome = { name, ...result, bytes_an_update: Object.fromEntries(bytes) };
    console.log(outcome);
    return outcome;
  } finally {
    stop.abort();
    child.kill('SIGTERM');
    await new Promise((resolve) => child.once('close', resolve));
    rmSync(dir, { recursive: true });
  }
}

async function look() {
  const report = (await (await fetch(`${URL_}/api/pipeline`)).json()) as PipelineReport;
  const ms: number[] = [];
  for (let i = 0; i < 20; i++) ms.push(await firstByteMs('/api/series?sort=skill&limit=100'));
  return {
    series: Object.values(report.series).reduce((sum, count) => sum + count, 0),
    learned_per_second: Math.round(report.rates.learnedPerSecond),
    loop_ms: `${report.eventLoopMs.p50.toFixed(1)} / ${report.eventLoopMs.p99.toFixed(1)}`,
    first_byte_ms: Number(middle(ms).toFixed(1)),
  };
}

async function connected(): Promise<void> {
  for (let i = 0; i < 300; i++) {
    const client = await mqtt
      .connectAsync(`mqtt://127.0.0.1:${BROKER}`, { reconnectPeriod: 0 }, false)
      .catch(() => undefined);
    if (client) return client.endAsync();
    await sleep(100);
  }
  throw new Error('the daemon did not start');
}

function residentMiB({ pid }: ChildProcess): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024);
}

const board = boardAlone();
console.log(board);
const views = {
  'list by skill': 'view=list&sort=skill&limit=50',
  'list of a search': 'view=list&search=d7&limit=100',
  detail: 'view=detail&series=d0/f0',
  pipeline: 'view=pipeline',
};
const http = `http: { port: ${PORT} }`;
const runs = [
  await daemon('without the page', '', {}),
  await daemon('with it, nobody looks', http, {}),
  await daemon('with it, four viewers', http, views),
];
if (options.json) console.log(JSON.stringify({ board, runs }));
