import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { connectAsync } from 'mqtt';
import { describe, expect, it } from 'vitest';
import { RunningSource } from '../../test/support/mqtt-source.ts';
import { configSchema } from '../config/schema.ts';
import { startEmbeddedBroker } from './embedded-broker.ts';
import { createSource } from './registry.ts';

function config(source: object | undefined, topics: readonly string[] = ['a/#']) {
  return configSchema.parse({ source, streams: topics.map((topic) => ({ topic })) });
}

describe('createSource', () => {
  it('starts the embedded broker, and ends it with the source', async () => {
    const source = await createSource(
      config({ mqtt: { embedded: { port: 0 } } }, ['a/b', 'a/#', 'c']),
    );
    expect(source.url).toMatch(/^mqtt:\/\/127\.0\.0\.1:\d+$/);
    const running = new RunningSource(source);
    await running.connected();
    const publisher = await connectAsync(source.url!, { reconnectPeriod: 0 });
    await publisher.publishAsync('a/b', '1', { qos: 1 });
    await publisher.publishAsync('x', '2', { qos: 1 });
    await publisher.publishAsync('c', '3', { qos: 1 });
    await running.received(2);
    // a/# covers a/b: with both subscribed to, the message would come twice.
    expect(running.payloads()).toEqual(['1', '3']);
    await publisher.endAsync(true);
    await running.end();
    await running.completed;
    await expect(connectAsync(source.url!, { reconnectPeriod: 0 }, false)).rejects.toThrow();
  });

  it('refuses a configuration without a source', async () => {
    await expect(createSource(config(undefined))).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/names no input/),
    });
  });

  it('tells of certificates that cannot be used', async () => {
    const url = 'mqtts://127.0.0.1:1';
    const tls = (ca_file: string) => createSource(config({ mqtt: { url, tls: { ca_file } } }));
    await expect(tls('/no/such.pem')).rejects.toThrow(
      /tls\.ca_file: \/no\/such\.pem cannot be read/,
    );
    await expect(tls('package.json')).rejects.toThrow(/tls\.ca_file: .* is not in PEM form/);
  });
});

describe('startEmbeddedBroker', () => {
  it('says what to do when the port is taken', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await expect(startEmbeddedBroker({ host: '127.0.0.1', port })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(new RegExp(`127.0.0.1 port ${port} is in use.*another port`)),
    });
    server.close();
  });

  it('closes although clients are connected, and frees the port', async () => {
    const first = await startEmbeddedBroker({ host: '127.0.0.1', port: 0 });
    const client = await connectAsync(first.url, { reconnectPeriod: 0 });
    await first.close();
    const port = Number(new URL(first.url).port);
    const second = await startEmbeddedBroker({ host: '127.0.0.1', port });
    await second.close();
    await client.endAsync(true);
  });
});
