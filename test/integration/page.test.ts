/** The page’s requests on the program as a user runs it, with a real Mosquitto. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Hello, PipelineReport, SeriesDetail } from '../../src/observe/http/api.ts';
import type { Rows } from '../../src/observe/monitor.ts';
import {
  mosquittoPub,
  type RunningForetide,
  startForetide,
  until,
  writeConfig,
} from '../support/foretide.ts';
import { freePort } from '../support/ports.ts';
import { startMosquitto, type TestServer } from '../support/servers.ts';
import { serverEvents } from '../support/web.ts';

let broker: TestServer;
let running: RunningForetide | undefined;
const dirs: string[] = [];

beforeAll(async () => {
  broker = await startMosquitto();
});
afterEach(() => {
  running?.process.kill('SIGKILL');
});
afterAll(async () => {
  await broker?.stop();
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
});

async function start(name: string, shards: number) {
  const port = await freePort();
  const { dir, path } = writeConfig(`
base: ${name}
source: { mqtt: { url: "${broker.url}", retry_min: 100ms, retry_max: 300ms } }
state: { dir: ${name}-state }
shards: ${shards}
streams:
  - { name: rooms, topic: "${name}-in/+", values: v, time: t, every: 1s, aggregate: none, horizon: 3 }
sinks: { line_protocol: { file: out.lp } }
http: { port: ${port} }
`);
  dirs.push(dir);
  const run = async (): Promise<RunningForetide> => {
    running = startForetide(['run', path], dir);
    await running.says('source: connected');
    return running;
  };
  const foretide = await run();
  const url = `http://127.0.0.1:${port}/`;
  const get = async <T>(query: string): Promise<T> =>
    (await (await fetch(`${url}${query}`)).json()) as T;
  const publish = (step: number, v: number): Promise<void> =>
    mosquittoPub(broker.port, `${name}-in/hall`, JSON.stringify({ t: T0_S + step, v }));
  return { foretide, run, dir, url, get, publish };
}

const T0_S = Math.floor(Date.now() / 1000) - 60;

async function stop(foretide: RunningForetide): Promise<void> {
  foretide.process.kill('SIGTERM');
  expect(await foretide.exitCode, foretide.output()).toBe(0);
}

/** As a browser’s EventSource: comes back whenever the stream ends. */
async function* reconnecting(url: string, signal: AbortSignal) {
  while (!signal.aborted) {
    const answer = await fetch(url, { signal }).catch(() => undefined);
    if (answer?.ok) yield* serverEvents(answer);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe('the page’s requests', () => {
  it.each([1, 2])('show what is published, with %i shards', async (shards) => {
    const { foretide, url, get, publish, dir } = await start(`page${shards}`, shards);
    const name = `page${shards}-in/hall`;
    expect(foretide.output()).toContain(`page on ${url}`);
    for (let i = 0; i < 5; i++) await publish(i, 20 + i);
    let rows: Rows | undefined;
    await until(
      async () => {
        rows = await get<Rows>('api/series');
        return rows.rows[0]?.last === 24;
      },
      () => `the last value in ${JSON.stringify(rows)}`,
    );
    const lastMs = (T0_S + 4) * 1000;
    expect(rows).toMatchObject({
      total: 1,
      rows: [{ series: name, stream: 'rooms', kind: 'number', state: 'learning', lastMs }],
    });
    expect(rows!.rows[0]!.spark).toEqual([20, 21, 22, 23, 24]);
    expect(rows!.rows[0]!.next!.targetMs).toBe(lastMs + 1_000);

    const detail = await get<SeriesDetail>(`api/series/detail?series=${name}&lead=3`);
    expect(detail.history.timeMs).toEqual([0, 1, 2, 3, 4].map((i) => (T0_S + i) * 1000));
    expect(detail.history.leads).toEqual([1, 3]);
    expect(detail.history.future.targetMs).toHaveLength(3);
    expect(detail.history.forecast.slice(0, 3)).toEqual([null, null, null]);
    expect(detail.learned!.channels[0]).toMatchObject({ series: name, everyMs: 1_000 });

    const pipeline = await get<PipelineReport>('api/pipeline');
    expect(pipeline.accounting.rooms).toMatchObject({ received: 5, learned: 5 });
    expect(pipeline.source).toMatchObject({ name: broker.url, connected: true, dropped: 0 });
    expect(pipeline.state).toMatchObject({
      dir: join(dir, `page${shards}-state`).replace(/^.*\//, ''),
      recoveringSeries: 0,
    });
    expect(pipeline.latencyMs!.p99).toBeGreaterThan(0);
    expect(pipeline.series.learning).toBe(1);
    await until(async () => (await get<PipelineReport>('api/pipeline')).sinks[0]!.written === 5);
    await stop(foretide);
  });

  it('stream what comes, and tell a viewer that comes back of the restart', async () => {
    const { foretide, run, url, publish } = await start('page3', 1);
    await publish(0, 1);
    const abort = new AbortController();
    const events = reconnecting(`${url}api/live?view=list`, abort.signal);
    const until = async <T>(event: string, holds: (data: T) => boolean): Promise<T> => {
      for (;;) {
        const { value } = await events.next();
        if (value?.event === event && holds(value.data as T)) return value.data as T;
      }
    };
    const first = await until<Hello>('hello', () => true);
    await until<Rows>('list', ({ rows }) => rows[0]?.last === 1);
    await publish(1, 2);
    await until<Rows>('list', ({ rows }) => rows[0]?.last === 2);

    await stop(foretide);
    const again = await run();
    const second = await until<Hello>('hello', ({ instance }) => instance !== first.instance);
    expect(second.version).toBe(first.version);
    // It is there before anything new has come, and goes on.
    const { rows } = await until<Rows>('list', ({ total }) => total === 1);
    expect(rows[0]).toMatchObject({ series: 'page3-in/hall', lastMs: (T0_S + 1) * 1000 });
    await publish(2, 3);
    await until<Rows>('list', (list) => list.rows[0]?.last === 3);
    abort.abort();
    await stop(again);
  });

  it('say when the daemon is not ready, and why', async () => {
    const { foretide, url } = await start('page4', 1);
    const ready = async (): Promise<string> => {
      const answer = await fetch(`${url}readyz`);
      return `${answer.status} ${await answer.text()}`;
    };
    await until(async () => (await ready()) === '200 ready\n');
    await broker.kill('SIGTERM');
    await until(async () => (await ready()).startsWith(`503 not connected to ${broker.url}`));
    expect(await (await fetch(`${url}healthz`)).text()).toBe('ok\n');
    await broker.restart();
    await until(async () => (await ready()) === '200 ready\n');
    await stop(foretide);
  });
});

describe('foretide run', () => {
  it('ends with code 2 where the page’s port is in use', async () => {
    const { dir, path } = writeConfig(`
base: page5
source: { mqtt: { url: "${broker.url}" } }
streams: [{ topic: t5 }]
sinks: { line_protocol: { file: out.lp } }
http: { port: ${broker.port} }
`);
    dirs.push(dir);
    running = startForetide(['run', path], dir);
    expect(await running.exitCode).toBe(2);
    expect(running.output()).toContain(`page: 127.0.0.1 port ${broker.port} is in use`);
    expect(running.output()).not.toContain('    at ');
  });
});
