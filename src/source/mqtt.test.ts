import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type Broker,
  cleanup,
  client,
  endAll,
  listen,
  run,
  startBroker,
} from '../../test/support/mqtt-broker.ts';
import { mqttSettings, RunningSource } from '../../test/support/mqtt-source.ts';
import { createMqttSource } from './mqtt.ts';

afterEach(endAll);

/** Statuses in the order in which the broker sees them. */
function watchStatus({ aedes }: Broker): string[] {
  const seen: string[] = [];
  aedes.on('publish', (packet) => {
    if (packet.topic === 'tide/status') seen.push(`${packet.payload} retained=${packet.retain}`);
  });
  return seen;
}

describe('MQTT source', () => {
  it('hands on what is published, and falls back to 3.1.1 without a word', async () => {
    const broker = await startBroker();
    const running = run(broker.url);
    await running.connected();
    const publisher = await client(broker.url);
    for (const qos of [0, 1, 2] as const) await publisher.publishAsync('a/b', `${qos}`, { qos });
    await running.received(3);
    expect(running.messages[0]).toEqual({
      topic: 'a/b',
      payload: Buffer.from('0'),
      receivedMs: expect.any(Number),
      retained: false,
      where: 'topic a/b',
    });
    expect(running.payloads()).toEqual(['0', '1', '2']);
    expect(running.events).toEqual([
      {
        kind: 'connected',
        detail: `broker ${broker.url}: MQTT 3.1.1, client id daemon, new session`,
      },
    ]);
  });

  it('makes one batch of what arrives together; receive times strictly increase', async () => {
    const broker = await startBroker();
    const running = run(broker.url);
    await running.connected();
    const publisher = await client(broker.url);
    for (let i = 0; i < 1_000; i++) publisher.publish('a', `${i}`);
    await running.received(1_000);
    expect(running.payloads()).toEqual(Array.from({ length: 1_000 }, (_, i) => `${i}`));
    expect(running.batches.length).toBeLessThan(500);
    const times = running.messages.map(({ receivedMs }) => receivedMs);
    expect(times.every((time, i) => i === 0 || time > times[i - 1]!)).toBe(true);
  });

  it('passes the retained flag on', async () => {
    const broker = await startBroker();
    const publisher = await client(broker.url);
    await publisher.publishAsync('kept', '1', { retain: true, qos: 1 });
    const running = run(broker.url);
    await running.connected();
    await running.received(1);
    await publisher.publishAsync('live', '2', { qos: 1 });
    await running.received(2);
    expect(running.messages.map(({ topic, retained }) => [topic, retained])).toEqual([
      ['kept', true],
      ['live', false],
    ]);
  });

  it('does not take in what Foretide publishes itself', async () => {
    const broker = await startBroker();
    const running = run(broker.url);
    await running.connected();
    const publisher = await client(broker.url);
    await publisher.publishAsync('tide/forecast/a', 'x', { qos: 1 });
    await publisher.publishAsync('tide/sensor', 'y', { qos: 1 });
    await running.received(1);
    expect(running.payloads()).toEqual(['y']);
  });

  it('is online, retained; offline after close', async () => {
    const broker = await startBroker();
    const seen = watchStatus(broker);
    const running = run(broker.url);
    await running.connected();
    await running.source.stop();
    await running.completed;
    // The broker tells us and whoever listens in no order that could be relied on.
    await expect.poll(() => seen).toEqual(['online retained=true']);
    await running.source.close();
    await expect.poll(() => seen).toEqual(['online retained=true', 'offline retained=true']);
  });

  it('leaves a last will that says offline', async () => {
    const broker = await startBroker();
    const seen = watchStatus(broker);
    const running = run(broker.url);
    await running.connected();
    await running.source.stop();
    const will = new Promise((resolve) => broker.aedes.once('clientDisconnect', resolve));
    for (const socket of broker.sockets) socket.destroy();
    await will;
    await expect.poll(() => seen).toEqual(['online retained=true', 'offline retained=true']);
  });

  it('subscribes again when the broker has restarted, and tells it once', async () => {
    const broker = await startBroker();
    const running = run(broker.url);
    await running.connected();
    await broker.close();
    await running.until(() => running.details('disconnected').length > 0);
    // Several attempts fail meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 200));
    const again = await startBroker({}, broker.port);
    await running.connected(2);
    const publisher = await client(again.url);
    await publisher.publishAsync('a', 'after', { qos: 1 });
    await running.received(1);
    expect(running.events.map(({ kind }) => kind)).toEqual([
      'connected',
      'disconnected',
      'connected',
    ]);
  });

  it('subscribes again although the broker still has the session', async () => {
    const broker = await startBroker();
    const running = run(broker.url);
    await running.connected();
    const subscribed: string[] = [];
    broker.aedes.on('subscribe', (subs) => subscribed.push(...subs.map(({ topic }) => topic)));
    for (const socket of broker.sockets) socket.destroy();
    await running.connected(2);
    expect(running.details('connected')[1]).toMatch(/session resumed/);
    expect(subscribed).toContain('#');
  });

  it('gets what was published at QoS 1 while it was away', async () => {
    const broker = await startBroker();
    const first = run(broker.url);
    await first.connected();
    await first.end();
    const publisher = await client(broker.url);
    for (let i = 0; i < 20; i++) await publisher.publishAsync('a', `${i}`, { qos: 1 });
    const second = run(broker.url);
    await second.received(20);
    expect(second.payloads()).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`));
  });

  it('tells a wrong password once, and tries only now and then', async () => {
    let attempts = 0;
    const broker = await startBroker({
      authenticate: (_client, _username, password, done) => {
        attempts++;
        const right = password?.toString() === 'right';
        if (right) done(null, true);
        else done(Object.assign(new Error('no'), { returnCode: 4 }), null);
      },
    });
    const keys = { username: 'u', password: 'wrong', protocol: '3.1.1', retry_max: '1h' };
    const running = run(broker.url, keys);
    await running.until(() => running.events.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(running.events).toEqual([
      { kind: 'refused', detail: expect.stringMatching(/bad user name or password.*check/) },
    ]);
    expect(attempts).toBe(1);

    const right = run(broker.url, { username: 'u', password: 'right' });
    await right.connected();
  });

  it('tells of each refused subscription, and lives with the others', async () => {
    const broker = await startBroker({
      authorizeSubscribe: (_client, sub, done) => done(null, sub.topic === 'no' ? null : sub),
    });
    const filters = ['yes', 'no', '1', '0'].map((topic) => ({ topic, qos: 1 as const }));
    const source = createMqttSource(mqttSettings(broker.url), 'tide', filters);
    const running = new RunningSource(source);
    cleanup.push(() => running.end());
    await running.connected();
    expect(running.details('refused')).toEqual([
      expect.stringMatching(/refuses the subscription to no:/),
    ]);
    for (const socket of broker.sockets) socket.destroy();
    await running.connected(2);
    expect(running.details('refused')).toHaveLength(1);
  });

  it('keeps trying a broker that is not there, and tells it once', async () => {
    const server = createServer();
    await listen(server);
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const running = run(`mqtt://127.0.0.1:${port}`);
    await running.until(() => running.events.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(running.events).toEqual([
      {
        kind: 'disconnected',
        detail: `cannot reach broker mqtt://127.0.0.1:${port}: nothing listens there (ECONNREFUSED); trying again`,
      },
    ]);
    await startBroker({}, port);
    await running.connected();
  });

  it('ends with code 3 where it is told to', async () => {
    const server = createServer();
    await listen(server);
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const running = run(`mqtt://127.0.0.1:${port}`, { exit_if_unreachable: true });
    await running.completed;
    expect(running.error).toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/cannot reach broker .*nothing listens there/),
    });
  });

  it('falls back where the broker just hangs up on MQTT 5', async () => {
    const broker = await startBroker();
    const proxy = createServer((socket) => {
      socket.once('data', (connect) => {
        // Byte 8 of CONNECT is the protocol version.
        if (connect[8] === 5) {
          socket.destroy();
          return;
        }
        socket.unshift(connect);
        broker.aedes.handle(socket);
      });
    });
    await listen(proxy);
    cleanup.push(async () => void proxy.close());
    const { port } = proxy.address() as AddressInfo;
    const running = run(`mqtt://127.0.0.1:${port}`, { exit_if_unreachable: true });
    await running.connected();
    expect(running.details('connected')[0]).toMatch(/MQTT 3\.1\.1/);
  });

  it('says so when another client takes its session over, and does not fight for it', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections++;
      // CONNACK of MQTT 5, then DISCONNECT with reason 142.
      socket.on('error', () => {}).end(Buffer.from([0x20, 3, 0, 0, 0, 0xe0, 1, 142]));
    });
    await listen(server);
    cleanup.push(async () => void server.close());
    const url = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const running = run(url, { retry_max: '1h' });
    await running.until(() => running.events.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(running.events).toEqual([
      {
        kind: 'disconnected',
        detail: expect.stringMatching(/session taken over.*another client uses this client_id/),
      },
    ]);
    expect(connections).toBe(1);
  });

  it('stops without waiting where the broker never answers', async () => {
    const server = createServer(() => {});
    await listen(server);
    cleanup.push(async () => void server.close());
    const running = run(`mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await running.end();
    await running.completed;
    expect(running.events).toEqual([]);
  });
});
