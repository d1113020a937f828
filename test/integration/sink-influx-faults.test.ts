/** The way to InfluxDB is poor, or it refuses some of the points: nothing else may be missing. */
import { afterEach, describe, expect, it } from 'vitest';
import { configSchema } from '../../src/config/schema.ts';
import { type DrainEvent, SinkDrain } from '../../src/sink/drain.ts';
import { createSinks } from '../../src/sink/registry.ts';
import { MemoryOutbox } from '../../src/store/memory-outbox.ts';
import type { Outbox } from '../../src/store/outbox.ts';
import type { SeriesPoints } from '../../src/store/points.ts';
import { OutboxDir, until } from '../support/disk-outbox.ts';
import { type Fault, type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { influxQuery } from '../support/influx-query.ts';
import { START_MS, STEP_MS, seriesPoints } from '../support/points.ts';
import { startInfluxd, type TestServer } from '../support/servers.ts';

const running: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.stop();
});

async function start(): Promise<{ server: TestServer; proxy: FaultProxy }> {
  const server = await startInfluxd();
  running.push(server);
  const proxy = await startFaultProxy(server.url);
  running.push(proxy);
  return { server, proxy };
}

interface Setup {
  readonly influx?: object;
  readonly batchSteps?: number;
  readonly outbox?: Outbox;
}

async function drainTo(url: string, { influx, batchSteps = 100, outbox }: Setup = {}) {
  const retries = { retry_min: '10ms', retry_max: '100ms', flush_interval: '5ms' };
  const sinks = { influx: { url, ...retries, ...influx } };
  const config = configSchema.parse({ streams: [{ topic: 'a' }], sinks });
  const [sink] = await createSinks(config, {});
  const box = outbox ?? new MemoryOutbox({ pointsMax: 1_000_000 });
  const reader = box.reader(sink!.name);
  const drain = new SinkDrain(reader, sink!, { batchSteps });
  const events: DrainEvent[] = [];
  drain.events.subscribe((event) => events.push(event));
  drain.start();
  running.push({ stop: () => drain.stop({ deadlineMs: 1_000 }).then(() => {}) });
  const put = (points: readonly SeriesPoints[]): void => {
    box.put(points, 0);
    drain.notify();
  };
  const details = (kind: string): string[] =>
    events.flatMap((event) => (event.kind === kind && 'detail' in event ? event.detail : []));
  return { drain, reader, events, details, put };
}

const step = (i: number, leads = 2): SeriesPoints =>
  seriesPoints({ series: 's0', issuedMs: START_MS + i * STEP_MS, actual: i }, leads);

const steps = (from: number, to: number, leads = 2): SeriesPoints[] =>
  Array.from({ length: to - from }, (_, i) => step(from + i, leads));

/** All that in-order writing of steps 0 … n − 1 gives is there, and nothing else. */
async function expectWhole(url: string, n: number, leads = 2): Promise<void> {
  const options = { db: 'foretide' };
  const actual = await influxQuery(url, 'SELECT value FROM actual', options);
  expect(actual.map(({ value }) => value)).toEqual(Array.from({ length: n }, (_, i) => i));
  const scores = await influxQuery(url, 'SELECT count(error) FROM forecast_score', options);
  expect(scores).toMatchObject([{ count: n }]);
  const forecasts = await influxQuery(url, 'SELECT issued, lead FROM forecast', options);
  expect(forecasts.map(({ time, issued }) => [time, issued])).toEqual(
    Array.from({ length: n - 1 + leads }, (_, i) => {
      return [START_MS + (i + 1) * STEP_MS, START_MS + Math.min(i, n - 1) * STEP_MS];
    }),
  );
}

describe('a poor line', () => {
  it('answers that take five seconds are waited for', async () => {
    const { server, proxy } = await start();
    proxy.fault = () => ({ kind: 'delay', ms: 5_000 });
    const { drain, put, details } = await drainTo(proxy.url, { influx: { timeout: '10s' } });
    put(steps(0, 100));
    await drain.flush();
    expect(drain.counts).toEqual({ written: 100, rejected: 0, retries: 0 });
    expect([proxy.writes, details('unavailable')]).toEqual([1, []]);
    await expectWhole(server.url, 100);
  });

  it('what is answered too late is written again, to the same effect', async () => {
    const { server, proxy } = await start();
    proxy.fault = (write) => (write < 2 ? { kind: 'delay', ms: 3_000 } : undefined);
    const { drain, put, details } = await drainTo(proxy.url, { influx: { timeout: '1s' } });
    put(steps(0, 100));
    await drain.flush();
    put(steps(100, 300));
    await drain.flush();
    expect(drain.counts).toMatchObject({ written: 300, rejected: 0, retries: 2 });
    expect(details('unavailable')).toEqual([expect.stringMatching(/timed out|no answer in/i)]);
    expect(details('recovered')).toHaveLength(1);
    // The first two requests reach the server now: they make no point of their own.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    const rows = await influxQuery(server.url, 'SELECT value FROM actual', { db: 'foretide' });
    expect(rows).toHaveLength(300);
  });

  it.each<[string, Fault]>([
    ['500', { kind: 'answer', status: 500, body: '{"error":"timeout"}' }],
    ['503 from a proxy', { kind: 'answer', status: 503, body: '<h1>try later</h1>' }],
    ['connections cut before the server has the request', { kind: 'cut', when: 'before' }],
    ['connections cut after the server has written', { kind: 'cut', when: 'after' }],
  ])('%s: said once an incident, all is written', async (_, fault) => {
    const { server, proxy } = await start();
    proxy.fault = (write) => (write >= 1 && write < 5 ? fault : undefined);
    const { drain, put, details } = await drainTo(proxy.url);
    put(steps(0, 450));
    await drain.flush();
    expect(drain.counts).toEqual({ written: 450, rejected: 0, retries: 4 });
    expect(details('unavailable')).toHaveLength(1);
    expect(details('recovered')).toEqual([expect.stringMatching(/^back after .* waited: 350$/)]);
    await expectWhole(server.url, 450);
  });

  it('a batch of many requests gets through though every fourth of them fails', async () => {
    const { server, proxy } = await start();
    proxy.fault = (write) => (write % 4 === 3 ? { kind: 'cut', when: 'after' } : undefined);
    const influx = { batch_points: 200 };
    const { drain, put } = await drainTo(proxy.url, { influx, batchSteps: 1_600 });
    put(steps(0, 3_000));
    await drain.flush();
    expect(drain.counts).toMatchObject({ written: 3_000, rejected: 0 });
    await expectWhole(server.url, 3_000);
  });
});

describe('what the server refuses', () => {
  it('points beyond the retention policy: counted exactly, and not offered for ever', async () => {
    const { server, proxy } = await start();
    const retention = { name: 'hour', duration: '1h' };
    const influx = { retention };
    const { drain, put, events } = await drainTo(proxy.url, { influx, batchSteps: 2_000 });
    const now = Date.now();
    // Every second one is too old: more than a search may find one by one.
    put(
      Array.from({ length: 2_000 }, (_, i) =>
        seriesPoints({ issuedMs: (i % 2 ? START_MS : now) + i, actual: i, scores: [] }, 0),
      ),
    );
    await drain.flush();
    expect(drain.counts).toEqual({ written: 2_000, rejected: 1_000, retries: 0 });
    const refused = events.flatMap((event) => (event.kind === 'rejected' ? event.points : []));
    expect(refused.length).toBeLessThan(400);
    for (const { detail } of refused) expect(detail).toMatch(/points beyond retention policy/);
    put(Array.from({ length: 10 }, (_, i) => seriesPoints({ issuedMs: now - i, scores: [] }, 0)));
    await drain.flush();
    const count = 'SELECT count(value) FROM hour.actual';
    const rows = await influxQuery(server.url, count, { db: 'foretide' });
    expect(rows).toMatchObject([{ count: 1_009 }]);
  });

  it('a field of another type, behind a poor line: the rest is written, the count is exact', async () => {
    const { server, proxy } = await start();
    await influxQuery(server.url, 'CREATE DATABASE foretide');
    const body = `forecast_score,series=x,lead=1 skill="none" ${START_MS}000000`;
    await fetch(`${server.url}/write?db=foretide`, { method: 'POST', body });
    proxy.fault = (write) =>
      write % 5 === 1 ? { kind: 'answer', status: 500, body: '{"error":"timeout"}' } : undefined;
    const { drain, put, events } = await drainTo(proxy.url, { batchSteps: 50 });
    put(steps(0, 200));
    await drain.flush();
    expect(drain.counts).toMatchObject({ written: 200, rejected: 200 });
    const refused = events.flatMap((event) => (event.kind === 'rejected' ? event.points : []));
    expect(new Set(refused.map(({ series }) => series))).toEqual(new Set(['s0']));
    expect(refused[0]!.detail).toMatch(/field type conflict: input field "skill"/);
    const rows = await influxQuery(server.url, 'SELECT value FROM actual', { db: 'foretide' });
    expect(rows).toHaveLength(200);
  });
});

describe('a long outage, with an outbox on disk', () => {
  it('kill -9 of the database and of us: fresh points come soon, and in the end all is there', async () => {
    const { server } = await start();
    const dir = new OutboxDir();
    const setup = async () => {
      const outbox = await dir.open({ pointsMax: 300 });
      return drainTo(server.url, { outbox, batchSteps: 50 });
    };
    let { drain, put } = await setup();
    put(steps(0, 200));
    await drain.flush();
    await server.kill('SIGKILL');
    for (let at = 200; at < 3_000; at += 100) {
      put(steps(at, at + 100));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await until(() => drain.unavailable);
    await dir.stage();
    await drain.stop({ deadlineMs: 10 });
    await server.restart();

    const again = await setup();
    ({ drain, put } = again);
    expect(again.reader.depth).toBe(2_800);
    await until(() => drain.counts.written > 0);
    put(steps(3_000, 3_020));
    const newest = `SELECT value FROM actual WHERE time >= ${START_MS + 3_019 * STEP_MS}ms`;
    for (let rows: unknown[] = []; rows.length === 0; ) {
      rows = await influxQuery(server.url, newest, { db: 'foretide' });
    }
    expect(drain.counts.written).toBeLessThan(2_800);
    await drain.flush();
    expect(drain.counts).toEqual({ written: 2_820, rejected: 0, retries: 0 });
    expect([again.reader.dropped, again.reader.depth]).toEqual([0, 0]);
    await expectWhole(server.url, 3_020);
    await drain.stop({ deadlineMs: 1_000 });
    await dir.stage();
    expect(dir.keys()).toEqual([]);
  });
});
