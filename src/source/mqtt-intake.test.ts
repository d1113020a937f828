import { afterEach, describe, expect, it } from 'vitest';
import { cleanup, client, endAll, run, startBroker } from '../../test/support/mqtt-broker.ts';
import { mqttSettings, RunningSource } from '../../test/support/mqtt-source.ts';
import { createMqttSource } from './mqtt.ts';
import { MqttIntake } from './mqtt-intake.ts';
import type { Gate, Message, MessageBatch } from './source.ts';

afterEach(endAll);

describe('MQTT source behind a closed gate', () => {
  function closedGate(): Gate & { open(): void } {
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    let isOpen = false;
    return {
      wait: () => (isOpen ? undefined : opened),
      open() {
        isOpen = true;
        open();
      },
    };
  }

  it('acknowledges QoS 1 only when the batch is out, and keeps the connection alive', async () => {
    const broker = await startBroker();
    let acknowledged = 0;
    broker.aedes.on('ack', (_packet, { id }) => {
      if (id === 'daemon') acknowledged++;
    });
    const gate = closedGate();
    const running = run(broker.url, { keepalive: '3s' }, gate);
    await running.connected();
    const publisher = await client(broker.url);
    // More than it takes in unacknowledged; this broker sends without a window of its own.
    for (let i = 0; i < 3_000; i++) publisher.publish('a', `${i}`, { qos: 1 });
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const statusAcks = acknowledged;
    expect(running.messages).toHaveLength(0);
    expect(statusAcks).toBeLessThan(5);
    gate.open();
    await running.received(3_000);
    expect(running.payloads()).toEqual(Array.from({ length: 3_000 }, (_, i) => `${i}`));
    await expect.poll(() => acknowledged - statusAcks).toBeGreaterThanOrEqual(3_000);
    expect(running.events.map(({ kind }) => kind)).toEqual(['connected']);
  });

  it('takes QoS 2 once each, and all of it', async () => {
    const broker = await startBroker({ maxInflightInbound: 0 });
    const gate = closedGate();
    const filters = [{ topic: 'a', qos: 2 as const }];
    const source = createMqttSource(mqttSettings(broker.url), 'tide', filters);
    const running = new RunningSource(source, gate);
    cleanup.push(() => running.end());
    await running.connected();
    const publisher = await client(broker.url);
    for (let i = 0; i < 1_500; i++) publisher.publish('a', `${i}`, { qos: 2 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    gate.open();
    await running.received(1_500);
    expect(running.payloads()).toEqual(Array.from({ length: 1_500 }, (_, i) => `${i}`));
  });

  it('drops QoS 0 beyond the queue and says exactly how many', async () => {
    const broker = await startBroker();
    const gate = closedGate();
    const filters = [{ topic: 'a', qos: 0 as const }];
    const source = createMqttSource(mqttSettings(broker.url), 'tide', filters);
    const running = new RunningSource(source, gate);
    cleanup.push(() => running.end());
    await running.connected();
    for (let i = 0; i < 25_000; i++) {
      const packet = {
        cmd: 'publish',
        qos: 0,
        topic: 'a',
        payload: `${i}`,
        retain: false,
      } as const;
      await new Promise<void>((resolve) =>
        broker.aedes.publish({ ...packet, dup: false }, () => resolve()),
      );
    }
    await running.until(() => running.details('dropped').length > 0);
    gate.open();
    await running.received(20_000);
    await running.end();
    expect(running.messages).toHaveLength(20_000);
    expect(running.count('dropped')).toBe(5_000);
  });

  it('gives out what it holds before it completes, and acknowledges it', async () => {
    const broker = await startBroker();
    const gate = closedGate();
    const running = run(broker.url, {}, gate);
    await running.connected();
    const publisher = await client(broker.url);
    for (let i = 0; i < 10; i++) await publisher.publishAsync('a', `${i}`, { qos: 1 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const stopped = running.source.stop();
    await publisher.publishAsync('a', 'too late', { qos: 1 });
    gate.open();
    await stopped;
    await running.completed;
    await running.source.close();
    expect(running.payloads()).toEqual(Array.from({ length: 10 }, (_, i) => `${i}`));

    const next = run(broker.url);
    await next.received(1);
    expect(next.payloads()).toEqual(['too late']);
  });
});

describe('MqttIntake', () => {
  /** An intake with an open gate; what comes out is noted, and acknowledged by the test. */
  function intake() {
    const out: Message[] = [];
    const told = { resumed: 0, dropped: 0 };
    const subject = new MqttIntake({
      gate: { wait: () => undefined },
      emit: (batch: MessageBatch) => void out.push(...batch),
      resume: () => void told.resumed++,
      dropped: (count) => {
        told.dropped += count;
      },
    });
    return { subject, out, told };
  }

  function message(bytes: number, acknowledge?: () => void): Message {
    const payload = new Uint8Array(bytes);
    return { topic: 'a', payload, receivedMs: 0, retained: false, where: 'a', acknowledge };
  }

  const turn = () => new Promise((resolve) => setImmediate(resolve));

  it('counts messages until they are acknowledged, not until they are out', async () => {
    const { subject, out, told } = intake();
    const acknowledged: number[] = [];
    for (let i = 0; i < 1_000; i++) {
      const goOn = subject.offer(message(1, () => acknowledged.push(i)));
      expect(goOn).toBe(i < 999);
      if (i % 100 === 0) await turn();
    }
    await turn();
    expect(out).toHaveLength(1_000);
    expect(told.resumed).toBe(0);
    for (const { acknowledge } of out.slice(0, 3)) acknowledge?.();
    expect(acknowledged).toEqual([0, 1, 2]);
    expect(told.resumed).toBe(1);
    expect([1, 1, 1].map((bytes) => subject.offer(message(bytes, () => {})))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('counts bytes until then, too, and drops QoS 0 meanwhile', async () => {
    const { subject, out, told } = intake();
    const large = 20 * 2 ** 20;
    const goesOn = [1, 2, 3, 4].map(() => subject.offer(message(large, () => {})));
    expect(goesOn).toEqual([true, true, true, false]);
    await turn();
    expect(subject.offer(message(1))).toBe(true);
    await turn();
    expect(out).toHaveLength(4);
    out[0]!.acknowledge?.();
    expect(told.resumed).toBe(1);
    subject.offer(message(1));
    await turn();
    expect(out).toHaveLength(5);
    await subject.stop();
    expect(told.dropped).toBe(1);
  });

  it('lets the reader go on when it takes nothing more', async () => {
    const { subject, out, told } = intake();
    for (let i = 0; i < 1_000; i++) subject.offer(message(1, () => {}));
    await subject.stop();
    expect(told.resumed).toBe(1);
    expect(out).toHaveLength(1_000);
    expect(subject.offer(message(1, () => {}))).toBe(true);
    await turn();
    expect(out).toHaveLength(1_000);
  });
});
