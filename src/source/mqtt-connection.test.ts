/**
 * What we rely on mqtt.js for when it comes to acknowledgements. It is not promised anywhere, so its
 * version is pinned, and this holds it: byte by byte, with a broker that does what it is told.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { cleanup, endAll } from '../../test/support/mqtt-broker.ts';
import { mqttSettings, RunningSource } from '../../test/support/mqtt-source.ts';
import { WireBroker, type WireMessage } from '../../test/support/mqtt-wire.ts';
import { createMqttSource } from './mqtt.ts';

afterEach(endAll);

async function wireBroker(): Promise<WireBroker> {
  const broker = await new WireBroker().start();
  cleanup.push(() => broker.close());
  return broker;
}

function run(broker: WireBroker, keys: object = {}): RunningSource {
  const settings = mqttSettings(broker.url, keys);
  const running = new RunningSource(createMqttSource(settings, 'tide', [{ topic: '#', qos: 2 }]));
  cleanup.push(() => running.end());
  return running;
}

function messages(count: number, qosOf: (id: number) => 1 | 2, firstId = 1): WireMessage[] {
  return Array.from({ length: count }, (_, i) => {
    const id = firstId + i;
    return { id, qos: qosOf(id), payload: `${id}` };
  });
}

const mixed = (id: number) => (id % 3 === 0 ? 2 : 1);
const ackOf = ({ id, qos }: WireMessage) => `${qos === 1 ? 'puback' : 'pubrec'} ${id}`;

describe.each(['5', '3.1.1'])('acknowledgement on MQTT %s', (protocol) => {
  it('is sent when it is told and not before; mqtt.js reads on', async () => {
    const broker = await wireBroker();
    const running = run(broker, { protocol });
    running.holding = true;
    await running.connected();
    const sent = messages(900, mixed);
    broker.send(sent);
    await running.received(900);
    // More than one packet follows, so whatever mqtt.js sends by itself is there before.
    broker.sendPubrel(9_999);
    await expect.poll(() => broker.acknowledgements()).toEqual(['pubcomp 9999']);
    running.commit(400);
    await expect.poll(() => broker.acknowledgements().length).toBe(401);
    running.commit();
    await expect.poll(() => broker.acknowledgements().length).toBe(901);
    expect(broker.acknowledgements().slice(1)).toEqual(sent.map(ackOf));
    expect(running.payloads()).toEqual(sent.map(({ payload }) => payload));
    expect(running.events.map(({ kind }) => kind)).toEqual(['connected']);
  });

  it('of QoS 2 ends with PUBCOMP, any number of times', async () => {
    const broker = await wireBroker();
    const running = run(broker, { protocol });
    await running.connected();
    // More than the receive maximum that mqtt.js watches over.
    for (const firstId of [1, 301, 601]) {
      const sent = messages(300, () => 2, firstId);
      broker.send(sent);
      for (const { id } of sent) broker.sendPubrel(id);
    }
    await expect.poll(() => broker.acknowledgements().length).toBe(1_800);
    const ids = messages(900, () => 2);
    const acks = broker.acknowledgements();
    expect(acks.filter((ack) => ack.startsWith('pubrec'))).toEqual(ids.map(ackOf));
    expect(acks.filter((ack) => ack.startsWith('pubcomp'))).toEqual(
      ids.map(({ id }) => `pubcomp ${id}`),
    );
    expect(running.payloads()).toHaveLength(900);
    expect(broker.connections).toBe(1);
  });

  it('comes in receive order for what Foretide has published itself, too', async () => {
    const broker = await wireBroker();
    const running = run(broker, { protocol });
    running.holding = true;
    await running.connected();
    broker.send([
      { id: 1, qos: 1, payload: 'a' },
      { id: 2, qos: 1, topic: 'tide/forecast/x', payload: 'b' },
      { id: 3, qos: 2, payload: 'c' },
    ]);
    await running.arrived(3);
    expect(running.payloads()).toEqual(['a', 'c']);
    expect(broker.acknowledgements()).toEqual([]);
    running.commit();
    await expect
      .poll(() => broker.acknowledgements())
      .toEqual(['puback 1', 'puback 2', 'pubrec 3']);
    expect(running.deliveries.map(({ packetId }) => packetId)).toEqual([1, 3]);
  });

  it('is not sent for what comes after stop, but for all that came before', async () => {
    const broker = await wireBroker();
    const running = run(broker, { protocol });
    running.holding = true;
    await running.connected();
    broker.send(messages(10, mixed));
    await running.received(10);
    await running.source.stop();
    broker.send(messages(10, mixed, 11));
    broker.sendPubrel(9_999);
    await expect.poll(() => broker.acknowledgements()).toEqual(['pubcomp 9999']);
    running.commit();
    await running.source.close();
    await expect.poll(() => broker.received.at(-1)?.name).toBe('disconnect');
    expect(broker.acknowledgements().slice(1)).toEqual(messages(10, mixed).map(ackOf));
    expect(running.payloads()).toHaveLength(10);
  });

  it('that is long in coming costs no connection, read or held', async () => {
    const broker = await wireBroker();
    const running = run(broker, { protocol, keepalive: '1s' });
    running.holding = true;
    await running.connected();
    const pings = () => broker.received.filter(({ name }) => name === 'pingreq').length;
    broker.send(messages(10, mixed));
    await sleep(3_500);
    expect(pings()).toBeGreaterThanOrEqual(3);
    // Beyond what is held unacknowledged, nothing is read: answers to pings neither.
    broker.send(messages(1_490, mixed, 11));
    await running.received(1_000);
    const before = pings();
    await sleep(3_500);
    expect(pings() - before).toBeGreaterThanOrEqual(3);
    expect(running.messages).toHaveLength(1_000);
    running.holding = false;
    running.commit();
    await running.received(1_500);
    await expect.poll(() => broker.acknowledgements().length).toBe(1_500);
    expect(broker.acknowledgements()).toEqual(messages(1_500, mixed).map(ackOf));
    expect(running.events.map(({ kind }) => kind)).toEqual(['connected']);
  });

  it('needs no answer to a ping while messages come; without any, the connection is over', async () => {
    const broker = await wireBroker();
    broker.answersPings = false;
    const running = run(broker, { protocol, keepalive: '1s' });
    await running.connected();
    for (let id = 1; id <= 30; id++) {
      broker.send([{ id, qos: 1, payload: `${id}` }]);
      await sleep(100);
    }
    expect(running.events.map(({ kind }) => kind)).toEqual(['connected']);
    await running.until(() => running.details('disconnected').length > 0);
    expect(running.details('disconnected')[0]).toMatch(/no answer to pings/);
  });

  it('of a repetition is sent in its turn, and it is known across connections', async () => {
    const broker = await wireBroker();
    const running = run(broker, { protocol });
    running.holding = true;
    await running.connected();
    const sent = messages(6, mixed);
    broker.send(sent);
    await running.received(6);
    running.commit(2);
    await expect.poll(() => broker.acknowledgements().length).toBe(2);
    broker.sessionPresent = true;
    broker.cut();
    await running.connected(2);
    // Four again, and one of which the first delivery was lost on the way.
    const again = messages(5, mixed, 3).map((message) => ({ ...message, dup: true }));
    broker.send(again);
    await running.arrived(11);
    running.commit();
    await expect.poll(() => broker.acknowledgements().length).toBe(7);
    // Those of the lost connection are sent nowhere.
    expect(broker.acknowledgements().slice(2)).toEqual(again.map(ackOf));
    expect(running.payloads()).toEqual(['1', '2', '3', '4', '5', '6', '7']);
    expect(running.deliveries.map(({ packetId }) => packetId)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    await running.end();
    expect(running.count('repeated')).toBe(4);
  });

  it('is remembered over attempts that the broker refuses', async () => {
    const broker = await wireBroker();
    const running = run(broker, { protocol });
    await running.connected();
    broker.send(messages(3, mixed));
    await running.received(3);
    broker.sessionPresent = true;
    broker.refusals = 2;
    broker.cut();
    await running.connected(2);
    expect(running.details('refused')).toEqual([expect.stringMatching(/server unavailable/)]);
    broker.send(messages(3, mixed).map((message) => ({ ...message, dup: true })));
    await running.arrived(6);
    expect(running.messages).toHaveLength(3);
  });

  it('ends a QoS 2 id’s life at PUBREL: what comes then is new', async () => {
    const broker = await wireBroker();
    const running = run(broker, { protocol });
    await running.connected();
    const message = { id: 1, qos: 2, payload: 'x' } as const;
    broker.send([message, { ...message, dup: true }]);
    broker.sendPubrel(1);
    broker.send([{ ...message, dup: true }]);
    await running.arrived(3);
    expect(running.arrivals.map(({ repeated }) => repeated ?? false)).toEqual([false, true, false]);
  });

  it('of a new session says nothing about the one before', async () => {
    const broker = await wireBroker();
    const running = run(broker, { protocol });
    await running.connected();
    broker.send(messages(2, mixed));
    await running.received(2);
    broker.cut();
    await running.connected(2);
    broker.send(messages(2, mixed).map((message) => ({ ...message, dup: true })));
    await running.received(4);
    expect(running.payloads()).toHaveLength(4);
    expect(running.deliveries.map(({ session }) => session)).toEqual([1, 1, 2, 2]);
  });
});

it('pings as often as an MQTT 5 broker asks for', async () => {
  const broker = await wireBroker();
  broker.serverKeepalive = 1;
  const running = run(broker, { protocol: '5', keepalive: '1h' });
  await running.connected();
  await expect.poll(() => broker.received.some(({ name }) => name === 'pingreq')).toBe(true);
});
