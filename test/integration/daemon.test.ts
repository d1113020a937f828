/** The program as a user runs it: real Mosquitto, real InfluxDB, messages from `mosquitto_pub`. */
import { rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  influxQuery,
  mosquittoPub,
  mosquittoSub,
  type RunningForetide,
  startForetide,
  until,
  writeConfig,
} from '../support/foretide.ts';
import { freePort } from '../support/ports.ts';
import { startInfluxd, startMosquitto, type TestServer } from '../support/servers.ts';

let broker: TestServer;
let database: TestServer;
let running: RunningForetide | undefined;
const dirs: string[] = [];

beforeAll(async () => {
  [broker, database] = await Promise.all([startMosquitto(), startInfluxd()]);
});
afterEach(() => {
  running?.process.kill('SIGKILL');
});
afterAll(async () => {
  await Promise.all([broker?.stop(), database?.stop()]);
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
});

function start(config: string): RunningForetide {
  const { dir, path } = writeConfig(config);
  dirs.push(dir);
  running = startForetide(['run', path], dir);
  return running;
}

function stop(foretide: RunningForetide): Promise<number | null> {
  foretide.process.kill('SIGTERM');
  return foretide.exitCode;
}

describe('foretide run', () => {
  it('writes forecasts of what mosquitto_pub publishes, with time in the future', async () => {
    const foretide = start(`
base: test1
source: { mqtt: { url: "${broker.url}" } }
streams:
  - { topic: "room/+/temp", payload: json, time: ts, every: 1h, aggregate: none, horizon: 3 }
sinks:
  influx: { url: "${database.url}", database: test1 }
  mqtt: {}
`);
    await foretide.says('source: connected');
    expect(await mosquittoSub(broker.port, 'test1/status')).toBe('online');
    const hourS = 3_600;
    const nowS = Math.floor(Date.now() / 1000 / hourS) * hourS;
    for (let i = 0; i < 8; i++) {
      const message = JSON.stringify({ ts: nowS - hourS * (7 - i), t: 20 + (i % 2) });
      await mosquittoPub(broker.port, 'room/kitchen/temp', message);
    }
    const query =
      'select mean, lower, upper, lead, issued, "series" from forecast where time > now()';
    let rows: string[] = [];
    await until(
      async () => {
        // Before the first write there is no database.
        rows = await influxQuery(database.port, query, 'test1').catch(() => []);
        return rows.length === 4;
      },
      () => `three future points; got:\n${rows.join('\n')}\n${foretide.output()}`,
    );
    expect(rows[0]).toBe('name,time,mean,lower,upper,lead,issued,series');
    rows.slice(1).forEach((row, i) => {
      const [, time, mean, lower, upper, lead, issued, series] = row.split(',');
      expect(Number(time)).toBe((nowS + hourS * (i + 1)) * 1e9);
      expect(Number(issued)).toBe(nowS * 1000);
      expect(Number(lead)).toBe(i + 1);
      expect(series).toBe('room/kitchen/temp/t');
      expect(Number(lower)).toBeLessThanOrEqual(Number(mean));
      expect(Number(upper)).toBeGreaterThanOrEqual(Number(mean));
      expect(Number(mean)).toBeGreaterThan(15);
      expect(Number(mean)).toBeLessThan(26);
    });
    const published = JSON.parse(await mosquittoSub(broker.port, 'test1/forecast/#'));
    expect(published.mean).toHaveLength(3);
    expect(await influxQuery(database.port, 'select value from actual', 'test1')).toHaveLength(9);

    expect(await stop(foretide)).toBe(0);
    expect(foretide.output()).toContain('8 received = 8 learned + 0 duplicate');
    expect(await mosquittoSub(broker.port, 'test1/status')).toBe('offline');
  });

  it('writes its own state beside the forecasts, as often as it is told', async () => {
    const foretide = start(`
base: test1b
source: { mqtt: { url: "${broker.url}" } }
streams:
  - { name: own, topic: "own/#", payload: number }
sinks: { influx: { url: "${database.url}", database: test1b, health_every: 300ms } }
`);
    await foretide.says('source: connected');
    await mosquittoPub(broker.port, 'own/a', '1');
    const last = async (fields: string, measurement: string): Promise<string | undefined> => {
      const query = `select ${fields} from ${measurement} where received = 1 or connected = 1 or available = 1 order by time desc limit 1`;
      return (await influxQuery(database.port, query, 'test1b').catch(() => []))[1];
    };
    const rows: (string | undefined)[] = [];
    await until(
      async () => {
        rows[0] = await last('daemon, thin_factor, paused, connected', 'foretide_health');
        rows[1] = await last('daemon, stream, received', 'foretide_stream');
        rows[2] = await last('daemon, sink, dropped, available', 'foretide_sink');
        return rows.every((row) => row !== undefined);
      },
      () => `health; got:\n${rows.join('\n')}\n${foretide.output()}`,
    );
    expect(rows.map((row) => row!.split(',').slice(2).join())).toEqual([
      'test1b,1,0,1',
      'test1b,own,1',
      `test1b,influx ${database.url}/test1b,0,1`,
    ]);
    expect(await stop(foretide)).toBe(0);
  });

  it('accounts for a sample of every kind', async () => {
    const foretide = start(`
base: test2
source: { mqtt: { url: "${broker.url}" } }
streams:
  - { name: all, topic: "kinds/#", values: v, time: ts, every: 10s, aggregate: mean, horizon: 2 }
sinks: { line_protocol: { file: out.lp } }
`);
    await foretide.says('source: connected');
    const t0 = Math.floor(Date.now() / 10_000) * 10 - 100;
    const messages = [
      { ts: t0, v: 1 },
      { ts: t0 + 10, v: 2 },
      { ts: t0 + 20, v: 3 },
      { ts: t0 + 20, v: 3 }, // duplicate
      { ts: t0 + 1, v: 9 }, // late
      { ts: t0 + 30, v: 'warm' }, // invalid
      { ts: t0 + 30, v: 4 }, // pending: its step is open
      { ts: t0 + 30, v: null }, // filtered: told, and the last one
    ];
    for (const message of messages) {
      await mosquittoPub(broker.port, 'kinds/a', JSON.stringify(message));
    }
    await foretide.says('filtered');
    expect(await stop(foretide)).toBe(0);
    expect(foretide.output()).toContain(
      'stream all: 8 received = 3 learned + 1 duplicate + 1 late + 1 invalid + 1 filtered + 1 pending',
    );
  });

  it('waits for a broker and a database that come later, and says so once', async () => {
    const [brokerPort, databasePort] = [await freePort(), await freePort()];
    const foretide = start(`
base: test3
source: { mqtt: { url: "mqtt://127.0.0.1:${brokerPort}", retry_min: 100ms, retry_max: 300ms } }
streams: [{ topic: t, time: ts, values: v, every: 1s, aggregate: none, horizon: 1 }]
sinks: { influx: { url: "http://127.0.0.1:${databasePort}", retry_min: 100ms, retry_max: 300ms } }
`);
    await foretide.says(String(brokerPort));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(foretide.output().split('ECONNREFUSED').length).toBeLessThanOrEqual(3);

    const lateBroker = await startMosquitto({ port: brokerPort });
    await foretide.says('source: connected');
    await mosquittoPub(brokerPort, 't', '{"ts": 1700000000, "v": 1}');
    await mosquittoPub(brokerPort, 't', '{"ts": 1700000001, "v": 2}');
    const lateDatabase = await startInfluxd({ port: databasePort });
    try {
      const query = 'select value from actual';
      const rows = () => influxQuery(databasePort, query).catch(() => []);
      await until(async () => (await rows()).length === 3, foretide.output);
      expect(await stop(foretide)).toBe(0);
    } finally {
      await Promise.all([lateBroker.stop(), lateDatabase.stop()]);
    }
  });

  it('gives up with code 3 on an unreachable broker when told to', async () => {
    const port = await freePort();
    const foretide = start(`
source: { mqtt: { url: "mqtt://127.0.0.1:${port}", exit_if_unreachable: true } }
streams: [{ topic: t }]
sinks: { line_protocol: { file: out.lp } }
`);
    expect(await foretide.exitCode).toBe(3);
    expect(foretide.output()).toContain(`127.0.0.1:${port}`);
    expect(foretide.output()).not.toContain('    at ');
  });

  it.each([
    { keep: false, code: 4, says: 'did not take 1 step' },
    { keep: true, code: 0, says: 'did not take 1 step; it is kept for the next start' },
  ])('ends with $code when the database never came: $says', async ({ keep, code, says }) => {
    const port = await freePort();
    const foretide = start(`
base: test5-${keep}
state: { keep: ${keep} }
source: { mqtt: { url: "${broker.url}" } }
streams: [{ topic: t5, time: ts, values: v, every: 1s, aggregate: none, horizon: 1 }]
sinks: { influx: { url: "http://127.0.0.1:${port}" } }
`);
    await foretide.says('source: connected');
    await mosquittoPub(broker.port, 't5', '{"ts": 1700000000, "v": 1}');
    await foretide.says('ECONNREFUSED');
    expect(await stop(foretide)).toBe(code);
    expect(foretide.output()).toContain(says);
  });

  it('ends at once on a second signal', async () => {
    const foretide = start(`
base: test6
source: { mqtt: { url: "${broker.url}" } }
streams: [{ topic: t6, time: ts, values: v, every: 1s, aggregate: none, horizon: 1 }]
sinks: { influx: { url: "http://127.0.0.1:${await freePort()}" } }
`);
    await foretide.says('source: connected');
    await mosquittoPub(broker.port, 't6', '{"ts": 1700000000, "v": 1}');
    await foretide.says('ECONNREFUSED');
    foretide.process.kill('SIGTERM');
    await foretide.says('a second signal ends at once');
    expect(await stop(foretide)).toBe(143);
  });

  it('refuses a bad configuration with code 2 and every fault', async () => {
    const foretide = start(
      'source: { mqtt: { url: "mqtt://x" } }\nstreams: [{ topic: t, horizon: -3, model: { cell: lsmt } }]\n',
    );
    expect(await foretide.exitCode).toBe(2);
    expect(foretide.output()).toContain('horizon');
    expect(foretide.output()).toContain('lstm');
    expect(foretide.output()).not.toContain('    at ');
  });
});
