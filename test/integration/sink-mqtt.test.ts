/** The MQTT sink on a real Mosquitto, and on a broker that only speaks MQTT 3.1.1. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Aedes } from 'aedes';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import { type Config, configSchema } from '../../src/config/schema.ts';
import { createSinks } from '../../src/sink/registry.ts';
import type { Sink } from '../../src/sink/sink.ts';
import { START_MS, seriesPoints } from '../support/points.ts';
import { freePort } from '../support/ports.ts';
import { type MosquittoOptions, startMosquitto, type TestServer } from '../support/servers.ts';

interface Received {
  readonly topic: string;
  readonly json: { readonly series: string; readonly actual: number | null };
  readonly retain: boolean;
}

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of cleanUp.splice(0).reverse()) await end();
});

async function start(options?: MosquittoOptions): Promise<TestServer> {
  const server = await startMosquitto(options);
  cleanUp.push(() => server.stop());
  return server;
}

async function createSink(url: string, over: object = {}): Promise<Sink> {
  const mqtt = { url, ...over };
  const config: Config = configSchema.parse({
    base: 'site/ft',
    streams: [{ topic: 'a' }],
    sinks: { mqtt },
  });
  const [sink] = await createSinks(config, {});
  cleanUp.push(() => sink!.close());
  return sink!;
}

async function subscribe(url: string, filter: string): Promise<Received[]> {
  const received: Received[] = [];
  const client: MqttClient = await connectAsync(url);
  cleanUp.push(() => client.endAsync());
  client.on('message', (topic, payload, { retain }) => {
    received.push({ topic, json: JSON.parse(payload.toString()) as Received['json'], retain });
  });
  await client.subscribeAsync(filter, { qos: 2 });
  return received;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const steps = (count: number) =>
  Array.from({ length: count }, (_, i) => seriesPoints({ issuedMs: START_MS + i, actual: i }));

describe('MqttSink', () => {
  it.each([0, 1, 2] as const)('QoS %d: every forecast, in order, the newest kept', async (qos) => {
    const { url } = await start();
    const live = await subscribe(url, 'site/ft/forecast/#');
    const sink = await createSink(url, { qos });
    expect(await sink.write(steps(300))).toEqual([]);
    await until(() => live.length === 300);
    expect(live.map(({ json }) => json.actual)).toEqual(Array.from({ length: 300 }, (_, i) => i));
    expect(new Set(live.map(({ topic }) => topic))).toEqual(
      new Set(['site/ft/forecast/boiler/temperature']),
    );
    const later = await subscribe(url, '#');
    await until(() => later.length === 1);
    expect(later).toMatchObject([{ retain: true, json: { actual: 299 } }]);
  });

  it('keeps nothing in the broker where that is not wanted', async () => {
    const { url } = await start();
    const live = await subscribe(url, '#');
    const sink = await createSink(url, { retain: false, qos: 1 });
    await sink.write(steps(1));
    await until(() => live.length === 1);
    const later = await subscribe(url, '#');
    await sink.write(steps(1));
    await until(() => later.length === 1);
    expect(later[0]!.retain).toBe(false);
  });

  it('any name becomes a topic that the broker takes', async () => {
    const { url } = await start();
    const live = await subscribe(url, 'site/ft/forecast/#');
    const sink = await createSink(url, { qos: 1 });
    const names = [
      'a+b',
      '#',
      '+/+',
      '/x',
      '$SYS/y',
      'n\0l',
      'l\nf',
      '\u0085\uFFFE',
      'a//b',
      'é/🌡',
    ];
    const batch = names.map((series) => seriesPoints({ series }));
    expect(await sink.write(batch)).toEqual([]);
    await until(() => live.length === names.length);
    expect(live.map(({ json }) => json.series)).toEqual(names);
    expect(new Set(live.map(({ topic }) => topic)).size).toBe(names.length);
  });

  it('sends nothing where there is no forecast, and hands back what JSON cannot hold', async () => {
    const { url } = await start();
    const live = await subscribe(url, '#');
    const sink = await createSink(url, { qos: 1 });
    const batch = [
      seriesPoints({}, 0),
      seriesPoints({ series: 'bad', mean: Float64Array.of(1, Number.NaN) }),
      seriesPoints({ series: 'good' }),
    ];
    expect(await sink.write(batch)).toEqual([{ series: 'bad', detail: 'not a finite number' }]);
    await until(() => live.length > 0);
    expect(live.map(({ json }) => json.series)).toEqual(['good']);
  });

  it('is unavailable while the broker is away, and writes when it is back', async () => {
    const port = await freePort();
    const sink = await createSink(`mqtt://127.0.0.1:${port}`, { qos: 1 });
    await expect(sink.write(steps(1))).rejects.toMatchObject({
      name: 'SinkUnavailable',
      pace: 'normal',
      message: `mqtt://127.0.0.1:${port}: nothing listens there (ECONNREFUSED)`,
    });
    const server = await start({ port });
    const live = await subscribe(server.url, '#');
    expect(await sink.write(steps(1))).toEqual([]);
    await server.kill('SIGKILL');
    await expect(sink.write(steps(2))).rejects.toMatchObject({ name: 'SinkUnavailable' });
    await server.restart();
    expect(await sink.write(steps(2))).toEqual([]);
    expect(live.length).toBeGreaterThan(0);
    const kept = await subscribe(server.url, '#');
    await until(() => kept.length === 1);
    expect(kept[0]!.json.actual).toBe(1);
  });

  it('offers the batch again when the broker falls silent in the middle of it', async () => {
    const server = await start();
    const sink = await createSink(server.url, { qos: 1 });
    await sink.write(steps(1));
    process.kill(server.pid, 'SIGSTOP');
    const write = sink.write(steps(3));
    const outcome = expect(write).rejects.toMatchObject({ name: 'SinkUnavailable' });
    setTimeout(() => void server.kill('SIGKILL'), 100);
    await outcome;
  });

  it('a wrong password is said in clear words, at the slow pace', async () => {
    const server = await start({ config: ['allow_anonymous false'] });
    const sink = await createSink(server.url, { username: 'u', password: 'wrong' });
    await expect(sink.write(steps(1))).rejects.toMatchObject({
      name: 'SinkUnavailable',
      pace: 'slow',
      message: expect.stringMatching(/not authorized .*check username, password/),
    });
  });

  it('what the broker’s access rules forbid is handed back, the rest is sent', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'foretide-acl-'));
    cleanUp.push(async () => rmSync(dir, { recursive: true }));
    const rules = join(dir, 'acl');
    writeFileSync(rules, 'topic readwrite site/ft/forecast/open\ntopic read #\n');
    const { url } = await start({ config: [`acl_file ${rules}`] });
    const live = await subscribe(url, '#');
    const sink = await createSink(url, { qos: 1 });
    const batch = ['open', 'closed', 'open'].map((series) => seriesPoints({ series }));
    expect(await sink.write(batch)).toEqual([
      { series: 'closed', detail: expect.stringMatching(/Not authorized/i) },
    ]);
    await until(() => live.length === 2);
  });

  it('trusts a broker by the certificate it is given, and says what to do without', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'foretide-tls-'));
    cleanUp.push(async () => rmSync(dir, { recursive: true }));
    const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
    const subject = ['-subj', '/CN=broker', '-addext', 'subjectAltName=DNS:broker.test'];
    const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject];
    execFileSync('openssl', [...request, '-keyout', key, '-out', cert], { stdio: 'pipe' });
    const { port } = await start({ config: [`certfile ${cert}`, `keyfile ${key}`] });
    const url = `mqtts://127.0.0.1:${port}`;
    const known = await createSink(url, { tls: { ca_file: cert, server_name: 'broker.test' } });
    expect(await known.write(steps(1))).toEqual([]);
    const unknown = await createSink(url);
    await expect(unknown.write(steps(1))).rejects.toMatchObject({
      message: expect.stringMatching(/self-signed; set tls\.ca_file/),
    });
    const missing = await createSink(url, { tls: { ca_file: join(dir, 'none.pem') } });
    await expect(missing.write(steps(1))).rejects.toMatchObject({
      pace: 'slow',
      message: expect.stringMatching(/sinks\.mqtt\.tls: .*none\.pem/),
    });
  });

  it('writes to a broker that only speaks MQTT 3.1.1', async () => {
    const broker = await Aedes.createBroker();
    const server = createServer(broker.handle);
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    cleanUp.push(async () => {
      await new Promise<void>((resolve) => broker.close(resolve));
      server.close();
    });
    const versions: unknown[] = [];
    broker.on('client', (client) => versions.push((client as { version?: number }).version));
    const url = `mqtt://127.0.0.1:${port}`;
    const sink = await createSink(url, { qos: 1 });
    expect(await sink.write(steps(3))).toEqual([]);
    const kept = await subscribe(url, 'site/#');
    await until(() => kept.length === 1);
    expect(kept[0]!.json.actual).toBe(2);
    expect(versions[0]).toBe(4);
  });
});
