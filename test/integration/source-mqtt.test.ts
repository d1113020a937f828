/** The MQTT source on a real Mosquitto. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Gate } from '../../src/source/source.ts';
import { broker, cleanup, client, numbers, publish, source } from '../support/mosquitto.ts';
import type { TestServer } from '../support/servers.ts';

const run = promisify(execFile);

describe.each([
  ['5', /MQTT 5,/],
  ['3.1.1', /MQTT 3\.1\.1,/],
  ['auto', /MQTT 5,/],
])('protocol %s', (protocol, version) => {
  it.each([0, 1, 2] as const)('takes what mosquitto_pub sends at QoS %i', async (qos) => {
    const server = await broker();
    const running = source(server.url, { protocol }, qos);
    await running.connected();
    expect(running.details('connected')[0]).toMatch(version);
    await publish(server, '-t', 'a/b', '-q', `${qos}`, '-m', '21.5');
    await publish(server, '-t', 'elsewhere', '-q', `${qos}`, '-m', '1');
    await publish(server, '-t', 'a/n', '-q', `${qos}`, '-n');
    await running.received(2);
    expect(running.messages.map(({ topic }) => topic)).toEqual(['a/b', 'a/n']);
    expect(running.payloads()).toEqual(['21.5', '']);
  });

  it('marks retained messages', async () => {
    const server = await broker();
    await publish(server, '-t', 'a/kept', '-r', '-m', '1');
    const running = source(server.url, { protocol });
    await running.connected();
    await running.received(1);
    await publish(server, '-t', 'a/live', '-r', '-m', '2');
    await running.received(2);
    expect(running.messages.map(({ retained }) => retained)).toEqual([true, false]);
  });

  it.each([1, 2] as const)('keeps its session over our restart (QoS %i)', async (qos) => {
    const server = await broker();
    const first = source(server.url, { protocol }, qos);
    await first.connected();
    await first.end();
    const publisher = await client(server.url);
    for (const i of numbers(500)) await publisher.publishAsync('a/b', i, { qos });
    const second = source(server.url, { protocol }, qos);
    await second.received(500);
    await second.connected();
    expect(second.details('connected')[0]).toMatch(/session resumed/);
    expect(second.payloads()).toEqual(numbers(500));
  });

  it('gets what was published while the broker restarted', async () => {
    const server = await broker(['persistence true', 'autosave_interval 1']);
    const running = source(server.url, { protocol });
    await running.connected();
    await server.restart();
    // Whoever is first: the broker knows the session, and keeps the messages for it.
    const publisher = await client(server.url);
    for (const i of numbers(100)) await publisher.publishAsync('a/b', i, { qos: 1 });
    await running.received(100);
    await running.connected(2);
    expect(running.payloads()).toEqual(numbers(100));
    expect(running.details('connected')[1]).toMatch(/session resumed/);
    expect(running.details('disconnected')).toHaveLength(1);
  });

  it('subscribes again on a broker that has forgotten everything', async () => {
    const server = await broker();
    const running = source(server.url, { protocol });
    await running.connected();
    await server.kill('SIGKILL');
    await running.until(() => running.details('disconnected').length > 0);
    await server.restart();
    await running.connected(2);
    expect(running.details('connected')[1]).toMatch(/new session/);
    await publish(server, '-t', 'a/b', '-q', '1', '-m', 'after');
    await running.received(1);
    expect(running.payloads()).toEqual(['after']);
  });

  it('leaves unacknowledged what it could not hand on, and gets it again', async () => {
    const server = await broker();
    const gate: Gate = { wait: () => new Promise(() => {}) };
    const first = source(server.url, { protocol, keepalive: '1s' }, 1, gate);
    await first.connected();
    const publisher = await client(server.url);
    for (const i of numbers(900)) await publisher.publishAsync('a/b', i, { qos: 1 });
    // Longer than the keepalive: a held queue must not cost the connection.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(first.events.map(({ kind }) => kind)).toEqual(['connected']);
    await first.source.close();
    const second = source(server.url, { protocol });
    await second.received(900);
    expect(second.payloads()).toEqual(numbers(900));
  });

  it('takes a burst at QoS 1 whole and in order', async () => {
    const server = await broker(['max_queued_messages 0']);
    const running = source(server.url, { protocol });
    await running.connected();
    const publisher = await client(server.url);
    for (const i of numbers(20_000)) publisher.publish('a/b', i, { qos: 1 });
    await running.received(20_000);
    expect(running.payloads()).toEqual(numbers(20_000));
  });
});

describe('status', () => {
  async function watchStatus(server: TestServer): Promise<string[]> {
    const seen: string[] = [];
    const watcher = await client(server.url);
    watcher.on('message', (_topic, payload) => void seen.push(payload.toString()));
    await watcher.subscribeAsync('tide/status', { qos: 1 });
    return seen;
  }

  it('is retained: online, and offline after close', async () => {
    const server = await broker();
    const seen = await watchStatus(server);
    const running = source(server.url);
    await running.connected();
    await expect.poll(() => seen).toEqual(['online']);
    await running.end();
    await expect.poll(() => seen).toEqual(['online', 'offline']);
    const args = ['-h', '127.0.0.1', '-p', `${server.port}`, '-t', 'tide/status', '-C', '1'];
    expect((await run('mosquitto_sub', args)).stdout).toBe('offline\n');
  });

  it('is the last will when the connection is cut', async () => {
    const server = await broker();
    const seen = await watchStatus(server);
    const sockets: Socket[] = [];
    const proxy = createServer((socket) => {
      const upstream = connect(server.port, '127.0.0.1');
      sockets.push(socket, upstream);
      for (const end of [socket, upstream]) end.on('error', () => {});
      socket.pipe(upstream).pipe(socket);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    cleanup.push(() => proxy.close());
    const address = proxy.address();
    if (typeof address !== 'object' || !address) throw new Error('no address');
    const running = source(`mqtt://127.0.0.1:${address.port}`);
    await running.connected();
    for (const socket of sockets.splice(0)) socket.destroy();
    await running.connected(2);
    await expect.poll(() => seen).toEqual(['online', 'offline', 'online']);
    for (const socket of sockets.splice(0)) socket.destroy();
  });
});

describe('users', () => {
  async function secured(): Promise<TestServer> {
    const dir = mkdtempSync(join(tmpdir(), 'foretide-users-'));
    cleanup.push(() => rmSync(dir, { recursive: true }));
    const file = join(dir, 'users');
    execFileSync('mosquitto_passwd', ['-b', '-c', file, 'tide', 'right']);
    const acl = join(dir, 'acl');
    writeFileSync(acl, 'user tide\ntopic readwrite a/#\ntopic readwrite tide/#\n');
    return broker(['allow_anonymous false', `password_file ${file}`, `acl_file ${acl}`]);
  }

  it('lets the right password in', async () => {
    const server = await secured();
    const running = source(server.url, { username: 'tide', password: 'right' });
    await running.connected();
    await publish(server, '-u', 'tide', '-P', 'right', '-t', 'a/b', '-m', '1');
    await running.received(1);
  });

  it.each(['5', '3.1.1'])('tells a wrong password once (MQTT %s)', async (protocol) => {
    const server = await secured();
    const running = source(server.url, {
      protocol,
      username: 'tide',
      password: 'wrong',
      retry_max: '1h',
    });
    await running.until(() => running.events.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(running.events).toEqual([
      {
        kind: 'refused',
        detail: expect.stringMatching(/not authorized.*check username, password/),
      },
    ]);
    expect(server.output.match(/CONNACK/g)).toHaveLength(1);
  });

  it('ends with the reason where it is told not to wait', async () => {
    const server = await secured();
    const running = source(server.url, { exit_if_unreachable: true });
    await running.completed;
    expect(running.error).toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/refuses us: not authorized/),
    });
  });
});

describe('TLS', () => {
  const dir = mkdtempSync(join(tmpdir(), 'foretide-tls-'));
  const path = (name: string) => join(dir, name);

  function certificate(name: string, subject: string, extensions: string): void {
    const request = ['-newkey', 'rsa:2048', '-nodes', '-keyout', path(`${name}.key`)];
    openssl('req', ...request, '-subj', subject, '-out', path(`${name}.csr`));
    writeFileSync(path(`${name}.ext`), extensions);
    const ca = ['-CA', path('ca.pem'), '-CAkey', path('ca.key'), '-CAcreateserial'];
    const more = ['-days', '2', '-extfile', path(`${name}.ext`), '-out', path(`${name}.pem`)];
    openssl('x509', '-req', '-in', path(`${name}.csr`), ...ca, ...more);
  }

  function openssl(...args: readonly string[]): void {
    execFileSync('openssl', args, { stdio: 'pipe' });
  }

  beforeAll(() => {
    const ca = ['-newkey', 'rsa:2048', '-nodes', '-keyout', path('ca.key'), '-out', path('ca.pem')];
    openssl('req', '-x509', ...ca, '-subj', '/CN=test authority', '-days', '2');
    certificate('server', '/CN=broker.test', 'subjectAltName=DNS:broker.test\n');
    certificate('client', '/CN=daemon', 'extendedKeyUsage=clientAuth\n');
    return () => rmSync(dir, { recursive: true });
  });

  function secured(): Promise<TestServer> {
    return broker([
      `cafile ${path('ca.pem')}`,
      `certfile ${path('server.pem')}`,
      `keyfile ${path('server.key')}`,
      'require_certificate true',
    ]);
  }

  const url = ({ port }: TestServer) => `mqtts://127.0.0.1:${port}`;
  const tls = () => ({
    ca_file: path('ca.pem'),
    cert_file: path('client.pem'),
    key_file: path('client.key'),
    server_name: 'broker.test',
  });

  it.each(['5', '3.1.1'])('connects with a client certificate (MQTT %s)', async (protocol) => {
    const server = await secured();
    const running = source(url(server), { protocol, tls: tls() });
    await running.connected();
    const files = [
      '--cafile',
      path('ca.pem'),
      '--cert',
      path('client.pem'),
      '--key',
      path('client.key'),
    ];
    await publish(server, ...files, '--insecure', '-t', 'a/b', '-q', '1', '-m', '1');
    await running.received(1);
  });

  it.each([
    ['an unknown authority', { ca_file: undefined }, /authority is not trusted.*set tls\.ca_file/],
    ['another host', { server_name: undefined }, /for another host.*set tls\.server_name/],
  ])('refuses a broker of %s, and says what to set', async (_case, change, message) => {
    const server = await secured();
    const running = source(url(server), {
      tls: { ...tls(), ...change },
      exit_if_unreachable: true,
    });
    await running.completed;
    expect(running.error?.message).toMatch(message);
  });

  it('connects to it all the same where it is told not to verify', async () => {
    const server = await secured();
    const change = { ca_file: undefined, server_name: undefined, verify: false };
    await source(url(server), { tls: { ...tls(), ...change } }).connected();
  });

  it('tells once that the broker wants a client certificate', async () => {
    const server = await secured();
    const running = source(url(server), {
      tls: { ...tls(), cert_file: undefined, key_file: undefined },
    });
    await running.until(() => running.events.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(running.events.map(({ kind }) => kind)).toEqual(['disconnected']);
  });

  it('refuses a key that is not the certificate’s', () => {
    expect(() =>
      source('mqtts://127.0.0.1:1', { tls: { ...tls(), key_file: path('ca.key') } }),
    ).toThrow(/tls: .*client\.pem.* cannot be used: .*key values mismatch/);
  });
});
