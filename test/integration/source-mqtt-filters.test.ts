/** Subscriptions that change while messages come, on a real Mosquitto. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createMqttSource } from '../../src/source/mqtt.ts';
import { broker, cleanup, client, numbers } from '../support/mosquitto.ts';
import { mqttSettings, RunningSource } from '../support/mqtt-source.ts';

const filter = (topic: string) => ({ topic, qos: 1 as const });

function sourceOf(url: string, protocol: string, topic: string) {
  const mqtt = createMqttSource(mqttSettings(url, { protocol }), 'tide', [filter(topic)]);
  const running = new RunningSource(mqtt);
  cleanup.push(() => running.end());
  return { mqtt, running };
}

describe.each(['5', '3.1.1'])('filters that change, protocol %s', (protocol) => {
  it('miss nothing that old and new ones want, and take nothing twice', async () => {
    const server = await broker();
    const { mqtt, running } = sourceOf(server.url, protocol, 'a/1');
    await running.connected();
    const publisher = await client(server.url);
    const sent = numbers(600);
    for (const i of sent) {
      if (Number(i) % 100 === 50) mqtt.subscribe([filter(Number(i) % 200 === 50 ? 'a/#' : 'a/1')]);
      await publisher.publishAsync('a/1', i, { qos: 1 });
    }
    await running.received(sent.length);
    expect(running.payloads()).toEqual(sent);
    expect(running.details('disconnected')).toEqual([]);
  });

  it('are given up: the broker sends no more of them, also where it was away meanwhile', async () => {
    const server = await broker(['persistence true', 'autosave_interval 1']);
    const { mqtt, running } = sourceOf(server.url, protocol, 'a/#');
    await running.connected();
    await server.kill('SIGTERM');
    await running.until(() => running.details('disconnected').length > 0);
    mqtt.subscribe([filter('b/#')]);
    await server.restart();
    await running.connected(2);
    const publisher = await client(server.url);
    await publisher.publishAsync('a/1', 'old', { qos: 1 });
    await publisher.publishAsync('b/1', 'new', { qos: 1 });
    await expect.poll(() => running.payloads()).toEqual(['new']);
    await sleep(100);
    expect(running.payloads()).toEqual(['new']);
  });
});
