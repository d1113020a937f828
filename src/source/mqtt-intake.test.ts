import { afterEach, describe, expect, it } from 'vitest';
import { cleanup, client, endAll, run, startBroker } from '../../test/support/mqtt-broker.ts';
import { mqttSettings, RunningSource } from '../../test/support/mqtt-source.ts';
import { createMqttSource } from './mqtt.ts';
import type { Gate } from './source.ts';

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
    const running = run(broker.url, { keepalive: '1s' }, gate);
    await running.connected();
    const publisher = await client(broker.url);
    // More than it takes in unacknowledged; this broker sends without a window of its own.
    for (let i = 0; i < 3_000; i++) publisher.publish('a', `${i}`, { qos: 1 });
    await new Promise((resolve) => setTimeout(resolve, 2_500));
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
    const dropped = running.events.reduce((n, e) => n + (e.kind === 'dropped' ? e.count : 0), 0);
    expect(running.messages).toHaveLength(20_000);
    expect(dropped).toBe(5_000);
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
