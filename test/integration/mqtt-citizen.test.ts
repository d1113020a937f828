/** What the daemon says of itself on a real Mosquitto, and what can be asked of it there. */
import { connect as connectSocket, createServer, type Socket } from 'node:net';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { createMqttCompanion } from '../../src/observe/mqtt/companion.ts';
import { accountsIn } from '../support/durable-daemon.ts';
import { until } from '../support/foretide.ts';
import { BoardMonitor, FakeControl } from '../support/monitor.ts';
import { CitizenTest, type Listener } from '../support/mqtt-citizen.ts';

const T0_MS = 1_700_000_000_000;
const STREAM = `
streams:
  - { name: s, topic: "in/+", values: v, time: t, series: "{topic[1]}", every: 1s, aggregate: none,
      horizon: 3, seasons: [], model: { effort: simple, hidden: 2 } }
`;

let test: CitizenTest;
afterEach(() => test.close());

/** Samples one second apart. */
async function publish(client: Listener, series: string, from: number, count: number) {
  const sent = Array.from({ length: count }, (_, i) => {
    const payload = JSON.stringify({ t: T0_MS + 1_000 * (from + i), v: Math.sin((from + i) / 9) });
    return client.say(`in/${series}`, payload);
  });
  await Promise.all(sent);
}

async function account(client: Listener): Promise<{ received: number; learned: number }> {
  const { result } = await client.ask('health');
  return (result!.accounting as Record<string, { received: number; learned: number }>).s!;
}

async function takes(client: Listener, samples: number): Promise<void> {
  await until(async () => (await account(client)).learned >= samples);
}

describe('status and health', () => {
  it('are online and told, and offline when the daemon is killed', async () => {
    test = await CitizenTest.start();
    const daemon = test.daemon(`${STREAM}\nmqtt: { health_every: 1s }`);
    const client = await (await test.client()).hear('tide/#');
    const life = await daemon.up();
    await client.until('online', () => client.newest('tide/status')?.payload === 'online');
    await client.until('health', () => client.on('tide/health').length >= 3);
    const { payload, retain } = client.newest('tide/health')!;
    expect(retain).toBe(false);
    expect(JSON.parse(payload)).toMatchObject({
      ready: true,
      version: expect.stringMatching(/^\d+\.\d+/),
      uptimeS: expect.any(Number),
      outbox: 0,
      thinFactor: 1,
      source: { connected: true, name: test.broker.url },
      accounting: { s: { received: 0 } },
      series: { learning: 0 },
      eventLoopMs: { p99: expect.any(Number) },
    });
    life.process.kill('SIGKILL');
    await client.until('offline', () => client.newest('tide/status')?.payload === 'offline');
    const late = await (await test.client()).hear('tide/#');
    await late.until('the kept status', () => late.on('tide/status').length === 1);
    expect(late.received).toMatchObject([{ payload: 'offline', retain: true }]);
  });

  it('have a will of their own where the source is elsewhere, and come back when they can', async () => {
    test = await CitizenTest.start();
    const relay = await startRelay(test);
    const config = parseConfig(
      `{ base: tide, source: { csv: { file: x.csv } }, streams: [{ topic: x }],
         sinks: { mqtt: { url: "mqtt://127.0.0.1:${relay.port}" } } }`,
      'test',
      {},
      '.',
    );
    const companion = createMqttCompanion(config, {
      monitor: new BoardMonitor(),
      control: new FakeControl(),
      log: pino({ level: 'silent' }),
      version: '1.2.3',
      streams: () => config.streams,
      sourceUrl: undefined,
      knowsAll: false,
    })!;
    const client = await (await test.client()).hear('tide/#');
    const statuses = () => client.on('tide/status').map(({ payload }) => payload);
    await companion.start();
    await client.until('online', () => statuses().length === 1);
    relay.cut();
    await client.until('back', () => statuses().length === 3);
    await companion.stop();
    await client.until('goodbye', () => statuses().length === 4);
    expect(statuses()).toEqual(['online', 'offline', 'online', 'offline']);
    expect(client.on('tide/health').length).toBe(2);
  });
});

describe('requests', () => {
  it('are answered, each and each error, and a retained one is passed over', async () => {
    test = await CitizenTest.start();
    const daemon = test.daemon(`${STREAM}\nmqtt: { requests: all }`);
    const client = await (await test.client()).hear('tide/response/#');
    await client.say('tide/request/pause', '{}', { retain: true });
    const life = await daemon.up();
    await life.says('retained request on tide/request/pause is passed over');
    await publish(client, 'a', 0, 40);
    await publish(client, 'b', 0, 40);
    await takes(client, 80);

    const list = await client.ask('list', { id: 'x', sort: 'series', descending: true });
    expect(list).toMatchObject({ id: 'x', ok: true, result: { total: 2, matched: 2 } });
    expect((list.result!.rows as { series: string }[]).map(({ series }) => series)).toEqual([
      'b',
      'a',
    ]);
    const inspected = await client.ask('inspect', { series: 'a' });
    expect(inspected.result).toMatchObject({
      summary: { series: 'a', stream: 's' },
      learned: { channels: [{ series: 'a', everyMs: 1_000, samples: { learned: 40 } }] },
    });
    expect(await client.ask('snapshot', { name: 'one' })).toEqual({
      ok: true,
      result: { name: 'one' },
    });
    expect((await client.ask('snapshot', { name: 'one' })).error).toContain('exists already');
    expect((await client.ask('inspect', { series: 'c' })).error).toContain('there is none');
    expect((await client.ask('forget', { series: 'c' })).error).toContain('there is none');
    expect((await client.ask('forget', { serie: 'c' })).error).toContain('unknown "serie"');
    expect((await client.ask('pause', 'now')).error).toMatch(/^not JSON/);
    expect((await client.ask('list', 'x'.repeat(20_000))).error).toContain('at most 16384');
    expect((await client.ask('shutdown')).error).toContain('no such command');

    // Without a response topic, as of MQTT 3.1.1, there is one that everybody knows.
    await client.say('tide/request/list', '{"id":1}');
    await client.until('an answer', () => client.on('tide/response/list').length === 1);
    expect(JSON.parse(client.newest('tide/response/list')!.payload)).toMatchObject({ id: 1 });
  });

  it('are not heard where the configuration does not say so', async () => {
    test = await CitizenTest.start();
    const daemon = test.daemon(`${STREAM}\nmqtt: { health_every: 1s }`);
    const client = await (await test.client()).hear('tide/#');
    await daemon.up();
    await client.say('tide/request/health', '');
    await client.until('health', () => client.on('tide/health').length >= 3);
    expect(client.received.filter(({ topic }) => topic.includes('response'))).toEqual([]);
  });

  it('pause and resume under load: no message of QoS 1 is lost, and the account adds up', async () => {
    test = await CitizenTest.start(['max_queued_messages 0']);
    const daemon = test.daemon(`${STREAM}\nmqtt: { requests: all }`);
    const client = await test.client();
    await daemon.up();
    let published = 0;
    let on = true;
    const load = (async () => {
      while (on) {
        await publish(client, `p${published % 3}`, published, 50);
        published += 50;
      }
    })();
    for (let round = 0; round < 3; round++) {
      await takes(client, 500 * (round + 1));
      expect(await client.ask('pause')).toMatchObject({ ok: true });
      const { received } = await account(client);
      const sent = published;
      while (published < sent + 2_000) await new Promise((r) => setTimeout(r, 20));
      expect(await account(client)).toMatchObject({ received });
      expect((await client.ask('health')).result).toMatchObject({ paused: true, ready: false });
      expect(await client.ask('resume')).toMatchObject({ ok: true });
    }
    on = false;
    await load;
    await takes(client, published);
    expect(accountsIn(await daemon.stop()).get('s')).toMatchObject({
      received: published,
      duplicate: 0,
      invalid: 0,
    });
  });

  it('forget a series for good, also after a power cut', async () => {
    test = await CitizenTest.start();
    const daemon = test.daemon(`${STREAM}\nmqtt: { requests: all }`);
    const client = await test.client();
    await daemon.up();
    await publish(client, 'a', 0, 60);
    await publish(client, 'b', 0, 60);
    await takes(client, 120);
    expect(await client.ask('forget', { series: 'a' })).toMatchObject({ ok: true });
    await daemon.kill();
    await daemon.up();
    expect((await client.ask('inspect', { series: 'a' })).error).toContain('there is none');
    expect((await client.ask('inspect', { series: 'b' })).result).toMatchObject({
      learned: { channels: [{ samples: { learned: 60 } }] },
    });
    // Its steps of then are none that it knows: what was behind the watermark is new now.
    await publish(client, 'a', 10, 5);
    await takes(client, 125);
    expect((await client.ask('inspect', { series: 'a' })).result).toMatchObject({
      learned: { channels: [{ samples: { learned: 5, late: 0, duplicate: 0 } }] },
    });
    await daemon.kill();
    await daemon.up();
    expect((await client.ask('inspect', { series: 'a' })).result).toMatchObject({
      learned: { channels: [{ samples: { learned: 5 } }] },
    });
    expect(accountsIn(await daemon.stop()).get('s')).toMatchObject({ received: 125, late: 0 });
  });
});

describe('Home Assistant', () => {
  it('hears of the series, again when it starts, and no more of one that is forgotten', async () => {
    test = await CitizenTest.start();
    const daemon = test.daemon(`
streams:
  - { name: all, topic: "#", payload: number, every: 1s, horizon: 3, seasons: [],
      model: { effort: simple, hidden: 2 } }
sinks: { mqtt: {} }
mqtt: { requests: all, health_every: 1s, home_assistant: { enabled: true } }
`);
    const client = await (await test.client()).hear('homeassistant/device/#', 'tide/forecast/#');
    await daemon.up();
    for (let i = 0; i < 3; i++) {
      await client.say('kitchen/temp', `${20 + i}`);
      await new Promise((r) => setTimeout(r, 1_000));
    }
    const configs = () => client.received.filter(({ topic }) => topic.endsWith('/config'));
    await client.until('an announcement', () => configs().length === 1);
    const { topic, payload, retain } = configs()[0]!;
    expect(retain).toBe(true);
    const message = JSON.parse(payload);
    expect(message.dev.name).toBe('kitchen/temp');
    await client.until('a forecast', () => client.on(message.state_topic).length > 0);
    const forecast = JSON.parse(client.newest(message.state_topic)!.payload);
    expect(forecast.mean[0]).toEqual(expect.any(Number));

    await client.say('homeassistant/status', 'online');
    await client.until('another one', () => configs().length === 2);
    expect(configs()[1]).toMatchObject({ topic, payload });
    expect(await client.ask('forget', { series: 'kitchen/temp' })).toMatchObject({ ok: true });
    await client.until('none any more', () => configs().length === 3);
    expect(configs()[2]).toMatchObject({ topic, payload: '' });

    // Of all that was said meanwhile, the stream of "#" has taken what is not ours.
    const { result } = await client.ask('list');
    expect((result!.rows as { series: string }[]).map(({ series }) => series)).toEqual([]);
    const account = accountsIn(await daemon.stop()).get('all')!;
    expect(account.received).toBe(4);
    expect(account.invalid).toBe(1); // Home Assistant’s own `online`
  });
});

/** Passes on to the broker, and cuts all connections when it is told. */
async function startRelay(home: CitizenTest): Promise<{ port: number; cut(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((inner) => {
    const outer = connectSocket(Number(new URL(home.broker.url).port), '127.0.0.1');
    for (const [socket, other] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  home.keep(() => {
    cut();
    server.close();
  });
  return { port: (server.address() as { port: number }).port, cut };
}
