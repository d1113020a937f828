/** A real Mosquitto and what connects to it; all of it ends with the test. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterEach } from 'vitest';
import type { Delivery } from '../../src/journal/journal.ts';
import { createMqttSource } from '../../src/source/mqtt.ts';
import type { Gate } from '../../src/source/source.ts';
import { mqttSettings, RunningSource } from './mqtt-source.ts';
import { type MosquittoOptions, startMosquitto, type TestServer } from './servers.ts';

const run = promisify(execFile);
/** Ended after the test, the last one first. */
export const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of cleanup.splice(0).reverse()) await end();
});

export async function broker(
  config: readonly string[] = [],
  options: MosquittoOptions = {},
): Promise<TestServer> {
  const server = await startMosquitto({ ...options, config });
  cleanup.push(() => server.stop());
  return server;
}

export function source(
  url: string,
  keys: object = {},
  qos: 0 | 1 | 2 = 1,
  gate?: Gate,
  earlier: readonly Delivery[] = [],
): RunningSource {
  const mqtt = createMqttSource(mqttSettings(url, keys), 'tide', [{ topic: 'a/#', qos }]);
  mqtt.restore?.(earlier);
  const running = new RunningSource(mqtt, gate);
  cleanup.push(() => running.end());
  return running;
}

export async function client(url: string): Promise<MqttClient> {
  const other = await connectAsync(url, { reconnectPeriod: 0 });
  cleanup.push(() => other.endAsync(true));
  return other;
}

export function publish({ port }: TestServer, ...args: readonly string[]): Promise<unknown> {
  return run('mosquitto_pub', ['-h', '127.0.0.1', '-p', String(port), ...args]);
}

export const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`);
