/** What the MQTT source acknowledges, and what it knows again, on a real Mosquitto. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { broker, cleanup, client, numbers, publish, source } from '../support/mosquitto.ts';
import type { RunningSource } from '../support/mqtt-source.ts';
import { WireTap } from '../support/mqtt-wire.ts';
import type { TestServer } from '../support/servers.ts';

describe.each([
  ['5', 1],
  ['5', 2],
  ['3.1.1', 1],
  ['3.1.1', 2],
] as const)('acknowledgement, MQTT %s, QoS %i', (protocol, qos) => {
  const ack = qos === 1 ? 'puback' : 'pubrec';

  async function tapped(server: TestServer): Promise<WireTap> {
    const tap = await new WireTap(server.port).start();
    cleanup.push(() => tap.close());
    return tap;
  }

  /** A process that dies: nothing more is acknowledged, and the broker gets no goodbye. */
  async function die(running: RunningSource, tap: WireTap): Promise<void> {
    running.holding = true;
    await running.source.stop();
    tap.cut();
  }

  async function send(server: TestServer, payloads: readonly string[]): Promise<void> {
    const publisher = await client(server.url);
    for (const payload of payloads) await publisher.publishAsync('a/b', payload, { qos });
  }

  it('waits for the commit, and goes in receive order', async () => {
    const server = await broker(['max_inflight_messages 0']);
    const tap = await tapped(server);
    const running = source(tap.url, { protocol }, qos);
    running.holding = true;
    await running.connected();
    await send(server, numbers(400));
    await running.received(400);
    // What mqtt.js sends by itself would be here by the time of the next answer of the broker.
    await send(server, ['last']);
    await running.received(401);
    expect(tap.acknowledgements).toEqual([]);
    const ids = running.messages.map(({ delivery }) => `${ack} ${delivery!.packetId}`);
    running.commit(150);
    await expect.poll(() => tap.acknowledgements).toEqual(ids.slice(0, 150));
    running.commit();
    await expect.poll(() => tap.acknowledgements).toEqual(ids);
    expect(new Set(ids).size).toBe(401);
  });

  it('that is missing brings exactly those again, known where they were committed', async () => {
    const server = await broker(['max_inflight_messages 100']);
    const tap = await tapped(server);
    const first = source(tap.url, { protocol }, qos);
    first.holding = true;
    await first.connected();
    await send(server, numbers(100));
    await first.received(100);
    first.commit(40);
    await expect.poll(() => tap.acknowledgements.length).toBe(40);
    await publish(server, '-t', 'elsewhere', '-q', '1', '-m', 'the broker has read on');
    await die(first, tap);
    // Committed, but the acknowledgement did not come through any more.
    first.commit(20);
    expect(first.deliveries).toHaveLength(60);

    await send(server, ['new']);
    const second = source(server.url, { protocol }, qos, undefined, first.deliveries);
    await second.received(41);
    expect(second.payloads()).toEqual([...numbers(100).slice(60), 'new']);
    const again = second.arrivals.filter(({ repeated }) => repeated);
    expect(again.map(({ payload }) => Buffer.from(payload).toString())).toEqual(
      numbers(100).slice(40, 60),
    );
    expect(second.deliveries.at(-1)!.session).toBe(first.deliveries.at(-1)!.session);
    await second.end();
    expect(second.count('repeated')).toBe(20);

    // All is acknowledged now: nothing comes a third time.
    const third = source(server.url, { protocol }, qos, undefined, second.deliveries);
    await third.connected();
    await send(server, ['end']);
    await third.received(1);
    expect(third.arrivals.map(({ payload }) => Buffer.from(payload).toString())).toEqual(['end']);
  });

  it('that waits for minutes costs no connection', async () => {
    const server = await broker(['max_inflight_messages 0']);
    const running = source(server.url, { protocol, keepalive: '2s' }, qos);
    running.holding = true;
    await running.connected();
    await send(server, numbers(600));
    // Three times the keepalive.
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    expect(running.events.map(({ kind }) => kind)).toEqual(['connected']);
    running.holding = false;
    running.commit();
    await running.received(600);
    await send(server, ['after']);
    await running.received(601);
    expect(running.payloads()).toEqual([...numbers(600), 'after']);
    expect(running.events.map(({ kind }) => kind)).toEqual(['connected']);
  });

  it('over lost connections: nothing twice, nothing lost', async () => {
    const server = await broker(['max_queued_messages 0']);
    const tap = await tapped(server);
    const running = source(tap.url, { protocol }, qos);
    running.holding = true;
    await running.connected();
    const sent = numbers(2_000);
    const sending = send(server, sent);
    let before = 0;
    for (let cuts = 1; cuts <= 5; cuts++) {
      await running.arrived(before + 15);
      before = running.arrivals.length;
      // The connection breaks with acknowledgements under way, and some waiting for their commit.
      running.commit(running.uncommitted - 10);
      tap.cut();
      await running.connected(cuts + 1);
    }
    running.holding = false;
    running.commit();
    await sending;
    await running.received(2_000);
    expect(running.payloads()).toEqual(sent);
    await running.end();
    const repeated = running.arrivals.length - 2_000;
    expect(repeated).toBeGreaterThan(0);
    expect(running.count('repeated')).toBe(repeated);
    const next = source(server.url, { protocol }, qos, undefined, running.deliveries);
    await next.connected();
    await send(server, ['end']);
    await next.received(1);
    expect(next.payloads()).toEqual(['end']);
  });

  it('counts for nothing in a session that the broker has begun anew', async () => {
    const server = await broker();
    const first = source(server.url, { protocol }, qos);
    await first.connected();
    await send(server, ['same']);
    await first.received(1);
    await first.end();
    await server.restart();

    const tap = await tapped(server);
    const second = source(tap.url, { protocol }, qos, undefined, first.deliveries);
    second.holding = true;
    await second.connected();
    await send(server, ['same']);
    await second.received(1);
    const [delivery] = second.messages.map((message) => message.delivery!);
    expect(delivery).toEqual({ ...first.deliveries[0], session: first.deliveries[0]!.session + 1 });
    await die(second, tap);
    // Not committed: the same id, topic and payload, but of another session.
    const third = source(server.url, { protocol }, qos, undefined, second.deliveries);
    await third.received(1);
    expect(third.payloads()).toEqual(['same']);
  });
});

describe('a broker that comes back', () => {
  it.each([1, 2] as const)('repeats what it had in flight, known to us (QoS %i)', async (qos) => {
    const server = await broker(['persistence true']);
    const running = source(server.url, {}, qos);
    running.holding = true;
    await running.connected();
    const publisher = await client(server.url);
    for (const i of numbers(10)) await publisher.publishAsync('a/b', i, { qos });
    await running.received(10);
    // It saves its state on the way out; the commits come too late for it.
    await server.kill('SIGTERM');
    running.holding = false;
    running.commit();
    await server.restart();
    await running.arrived(20);
    await running.connected(2);
    expect(running.details('connected')[1]).toMatch(/session resumed/);
    expect(running.payloads()).toEqual(numbers(10));
  });

  it('with an old state repeats what was acknowledged long ago, still known', async () => {
    const server = await broker(['persistence true']);
    const running = source(server.url);
    running.holding = true;
    await running.connected();
    const publisher = await client(server.url);
    for (const i of numbers(10)) await publisher.publishAsync('a/b', i, { qos: 1 });
    await running.received(10);
    process.kill(server.pid, 'SIGUSR1');
    await expect.poll(() => existsSync(join(server.dir, 'mosquitto.db'))).toBe(true);
    await expect.poll(() => server.output).toMatch(/Saving in-memory database/);
    running.holding = false;
    running.commit();
    await publisher.publishAsync('a/b', 'later', { qos: 1 });
    await running.received(11);
    // The broker reads in order: the answer to this comes after it has read the acknowledgements.
    await expect.poll(() => server.output).toMatch(/Received PUBACK from daemon \(Mid: 11/);
    await server.kill('SIGKILL');
    await server.restart();
    await running.arrived(21);
    expect(running.payloads()).toEqual([...numbers(10), 'later']);
  });
});
