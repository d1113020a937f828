/** The InfluxDB sink while the server is away, or does not let it in. */
import { afterEach, describe, expect, it } from 'vitest';
import { type Config, configSchema } from '../../src/config/schema.ts';
import { type DrainEvent, SinkDrain } from '../../src/sink/drain.ts';
import { createSinks } from '../../src/sink/registry.ts';
import { MemoryOutbox } from '../../src/store/memory-outbox.ts';
import { influxQuery } from '../support/influx-query.ts';
import { leadScore, START_MS, seriesPoints } from '../support/points.ts';
import { freePort } from '../support/ports.ts';
import { startInfluxd, type TestServer } from '../support/servers.ts';

const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function start(env: NodeJS.ProcessEnv = {}): Promise<TestServer> {
  const server = await startInfluxd({ env });
  servers.push(server);
  return server;
}

function configFor(url: string, over: object = {}): Config {
  const retries = { retry_min: '10ms', retry_max: '100ms', flush_interval: '5ms' };
  const influx = { url, ...retries, ...over };
  return configSchema.parse({ streams: [{ topic: 'a' }], sinks: { influx } });
}

async function drainTo(url: string, over: object = {}) {
  const [sink] = await createSinks(configFor(url, over), {});
  const outbox = new MemoryOutbox({ pointsMax: 100_000 });
  const drain = new SinkDrain(outbox.reader(sink!.name), sink!, { batchSteps: 20 });
  const events: DrainEvent[] = [];
  drain.events.subscribe((event) => events.push(event));
  const kinds = (): string[] => events.map(({ kind }) => kind);
  const detail = (kind: string): string => {
    const found = events.find((event) => event.kind === kind);
    return found && 'detail' in found ? found.detail : '';
  };
  drain.start();
  return { outbox, drain, events, kinds, detail };
}

const step = (i: number) =>
  seriesPoints({ issuedMs: START_MS + i * 1_000, actual: i, scores: [leadScore()] }, 3);

/** Until it holds; the test's own time limit ends what never does. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('an outage', () => {
  it('kill -9 in the middle, twice, and restart: nothing is missing, nothing is told twice', async () => {
    const server = await start();
    const { outbox, drain, kinds, detail } = await drainTo(server.url);
    let next = 0;
    const put = (count: number): void => {
      outbox.put(
        Array.from({ length: count }, () => step(next++)),
        0,
      );
      drain.notify();
    };
    for (let outage = 0; outage < 2; outage++) {
      put(500);
      await until(() => drain.counts.written > next - 400);
      await server.kill('SIGKILL');
      put(500);
      await until(() => drain.unavailable);
      await server.restart();
    }
    put(100);
    expect(await drain.stop({ deadlineMs: 20_000 })).toEqual({ unwritten: 0 });

    const options = { db: 'foretide' };
    const actual = await influxQuery(server.url, 'SELECT value FROM actual', options);
    expect(actual.map(({ value }) => value)).toEqual(Array.from({ length: next }, (_, i) => i));
    const count = (m: string, f: string): Promise<unknown> =>
      influxQuery(server.url, `SELECT count(${f}) FROM ${m}`, options);
    expect(await count('forecast_score', 'error')).toMatchObject([{ count: next }]);
    // Each step, a second long, forecasts the values one, two and three minutes later.
    expect(await count('forecast', 'mean')).toMatchObject([{ count: next + 120 }]);
    expect(drain.counts).toMatchObject({ written: next, rejected: 0 });
    const told = ['notice', 'unavailable', 'recovered', 'unavailable', 'recovered'];
    expect(kinds()).toEqual(told);
    expect(detail('unavailable')).toMatch(/nothing listens there|broke off|hang up/);
    expect(detail('recovered')).toMatch(/^back after \d+\.\d s; steps that waited: \d+$/);
  });

  it('away at the start: said once, written when it comes', async () => {
    const port = await freePort();
    const { outbox, drain, kinds } = await drainTo(`http://127.0.0.1:${port}`);
    outbox.put([step(1)], 0);
    await until(() => drain.counts.retries > 5);
    const server = await startInfluxd({ port });
    servers.push(server);
    await drain.flush();
    expect(kinds()).toEqual(['unavailable', 'notice', 'recovered']);
    await drain.stop({ deadlineMs: 1_000 });
  });

  it('away at the start, and told to give up: ends with its own exit code', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const created = createSinks(configFor(url, { exit_if_unreachable: true }), {});
    await expect(created).rejects.toMatchObject({
      name: 'SinkStartError',
      exitCode: 3,
      message: `${url}/foretide: nothing listens there (ECONNREFUSED)`,
    });
  });
});

describe('access', () => {
  const admin = { user: 'admin', password: 'right' };

  async function startWithUsers(): Promise<TestServer> {
    const server = await start({ INFLUXDB_HTTP_AUTH_ENABLED: 'true' });
    await influxQuery(server.url, `CREATE USER admin WITH PASSWORD 'right' WITH ALL PRIVILEGES`);
    return server;
  }

  it('a wrong password: said in clear words, at the slow pace, and not hammered', async () => {
    const server = await startWithUsers();
    const credentials = { username: 'admin', password: 'wrong', retry_max: '1m' };
    const { outbox, drain, events } = await drainTo(server.url, credentials);
    outbox.put([step(1)], 0);
    await until(() => drain.unavailable);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(drain.counts.retries).toBe(1);
    expect(events).toEqual([
      {
        kind: 'unavailable',
        detail:
          `${server.url}/foretide refuses access for user "admin": authorization failed; ` +
          'check username and password in sinks.influx; steps waiting: 1, trying every 60 s',
      },
    ]);
    expect(await drain.stop({ deadlineMs: 60_000 })).toEqual({ unwritten: 1 });
  });

  it('the right password', async () => {
    const server = await startWithUsers();
    const credentials = { username: 'admin', password: 'right' };
    const { outbox, drain } = await drainTo(server.url, credentials);
    outbox.put([step(1)], 0);
    expect(await drain.stop({ deadlineMs: 10_000 })).toEqual({ unwritten: 0 });
    const query = 'SELECT value FROM actual';
    expect(await influxQuery(server.url, query, { ...admin, db: 'foretide' })).toHaveLength(1);
  });

  it('a user who may only write, where the database is there', async () => {
    const server = await startWithUsers();
    for (const q of [
      'CREATE DATABASE foretide',
      `CREATE USER writer WITH PASSWORD 'w'`,
      'GRANT WRITE ON foretide TO writer',
    ]) {
      await influxQuery(server.url, q, admin);
    }
    const credentials = { username: 'writer', password: 'w' };
    const { outbox, drain, events } = await drainTo(server.url, credentials);
    outbox.put([step(1)], 0);
    expect(await drain.stop({ deadlineMs: 10_000 })).toEqual({ unwritten: 0 });
    expect(events).toEqual([]);
  });

  it('a user who may not create the database', async () => {
    const server = await startWithUsers();
    await influxQuery(server.url, `CREATE USER writer WITH PASSWORD 'w'`, admin);
    const { outbox, drain, detail } = await drainTo(server.url, {
      username: 'writer',
      password: 'w',
    });
    outbox.put([step(1)], 0);
    await until(() => drain.unavailable);
    expect(detail('unavailable')).toMatch(/refuses access for user "writer": .*CREATE DATABASE/);
    await drain.stop({ deadlineMs: 1_000 });
  });
});
