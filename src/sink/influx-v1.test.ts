/** Against a server that answers as it is told: what no real InfluxDB does on demand. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { configSchema, type InfluxSinkConfig } from '../config/schema.ts';
import { InfluxRefusal } from './influx-errors.ts';
import { InfluxV1Client } from './influx-v1.ts';

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

function clientFor(url: string, over: object = {}): InfluxV1Client {
  const influx = { url, ...over };
  const config = configSchema.parse({ streams: [{ topic: 'a' }], sinks: { influx } });
  const client = new InfluxV1Client(config.sinks.influx as InfluxSinkConfig);
  open.push(() => client.close());
  return client;
}

interface Request {
  readonly url: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

type Reply = (response: ServerResponse, request: IncomingMessage) => void;

async function serve(reply: Reply): Promise<{ url: string; requests: Request[] }> {
  const requests: Request[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    requests.push({ url: request.url!, authorization: request.headers.authorization, body });
    reply(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

function answer(status: number, body = ''): Reply {
  return (response) => response.writeHead(status).end(body);
}

async function failure(client: InfluxV1Client): Promise<unknown> {
  return client.send('a b=1 1').then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('the contract with the influx package', () => {
  it('sends our lines byte for byte', async () => {
    const { url, requests } = await serve(answer(204));
    const lines =
      'forecast,series=a\\ b\\,c\\=d\\e"\'%0A=,θ mean=1e-7 1\nforecast_score,lead=1 covered=1 -5';
    await clientFor(url, { database: 'd b' }).send(lines);
    expect(requests).toMatchObject([{ url: '/write?db=d%20b&precision=ms&rp=', body: lines }]);
  });

  it('names the policy and the user, and keeps the path of a proxy', async () => {
    const { url, requests } = await serve(answer(204));
    const credentials = {
      username: 'u',
      password: 'p:ä',
      retention: { name: 'r', duration: '1d' },
    };
    await clientFor(`${url}/influx/`, credentials).send('a b=1 1');
    expect(requests[0]!.url).toBe('/influx/write?db=foretide&precision=ms&rp=r');
    const authorization = `Basic ${Buffer.from('u:p:ä').toString('base64')}`;
    expect(requests[0]!.authorization).toBe(authorization);
  });

  it('tries at once again after a failure: no host is set aside', async () => {
    let up = false;
    const { url, requests } = await serve((response) => response.writeHead(up ? 204 : 503).end());
    const client = clientFor(url);
    for (let i = 0; i < 5; i++) {
      expect(await failure(client)).toMatchObject({ name: 'SinkUnavailable', pace: 'normal' });
    }
    up = true;
    expect(await failure(client)).toBeUndefined();
    expect(requests).toHaveLength(6);
  });
});

describe('what went wrong', () => {
  it.each([
    [401, '{"error":"authorization failed"}', 'slow', /refuses access without cred.*: authori/],
    [403, '{"error":"not authorized"}', 'slow', /refuses access .*check username and password/],
    [404, '<h1>nothing here</h1>', 'slow', /answers 404: <h1>nothing.*is that an InfluxDB 1.x\?/],
    [301, '', 'slow', /answers 301/],
    [429, 'slow down', 'normal', /is busy: slow down/],
    [500, '{"error":"timeout"}', 'normal', /Internal Server Error/],
    [503, '', 'normal', /Service Unavailable/],
  ])('%d %s: unavailable, %s', async (status, body, pace, message) => {
    const { url } = await serve(answer(status, body));
    const error = await failure(clientFor(url));
    expect(error).toMatchObject({ name: 'SinkUnavailable', pace });
    expect((error as Error).message).toMatch(message);
  });

  it.each([
    [400, '{"error":"partial write: points beyond retention policy dropped=3"}', 3],
    [400, '{"error":"unable to parse \'x\': missing fields"}', undefined],
    [413, '{"error":"Request Entity Too Large"}', undefined],
    [404, '{"error":"database not found: \\"foretide\\""}', undefined],
  ])('%d %s: refused', async (status, body, dropped) => {
    const { url } = await serve(answer(status, body));
    const error = await failure(clientFor(url));
    expect(error).toBeInstanceOf(InfluxRefusal);
    expect(error).toMatchObject({ status, dropped, storeMissing: status === 404 });
    expect((error as InfluxRefusal).reason).toBe((JSON.parse(body) as { error: string }).error);
  });

  it('cuts reasons that quote whole lines', async () => {
    const { url } = await serve(answer(400, JSON.stringify({ error: 'x'.repeat(10_000) })));
    const { reason } = (await failure(clientFor(url))) as InfluxRefusal;
    expect(reason.length).toBeLessThan(310);
  });

  it('nobody listens', async () => {
    const { url } = await serve(answer(204));
    for (const close of open.splice(0)) close();
    const error = await failure(clientFor(url));
    expect(error).toMatchObject({ name: 'SinkUnavailable', pace: 'normal' });
    expect((error as Error).message).toMatch(/\/foretide: nothing listens there \(ECONNREFUSED\)$/);
  });

  it('no answer', async () => {
    const { url } = await serve(() => {});
    expect(await failure(clientFor(url, { timeout: '200ms' }))).toMatchObject({
      name: 'SinkUnavailable',
      message: expect.stringMatching(/Request timed out|no answer in 200ms/),
    });
  });

  it('an answer that stops half way', async () => {
    const { url } = await serve((response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"results"');
    });
    await expect(clientFor(url, { timeout: '200ms' }).prepare()).rejects.toMatchObject({
      name: 'SinkUnavailable',
      message: expect.stringMatching(/no answer in 200ms/),
    });
  });

  it('a connection that is cut', async () => {
    const server = createTcpServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    open.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    expect(await failure(clientFor(`http://127.0.0.1:${port}`))).toMatchObject({
      name: 'SinkUnavailable',
      message: expect.stringMatching(/ECONNRESET|hang up/),
    });
  });

  it('a newer InfluxDB', async () => {
    const { url } = await serve((response) => {
      response.writeHead(204, { 'x-influxdb-version': 'v2.7.1' }).end();
    });
    await expect(clientFor(url).prepare()).rejects.toMatchObject({
      pace: 'slow',
      message: expect.stringMatching(
        /is InfluxDB v2\.7\.1, and version is 1; set .*version: 2, with token, org and bucket/,
      ),
    });
  });

  it('not an InfluxDB at all', async () => {
    const { url } = await serve(answer(200, '<html>hello</html>'));
    await expect(clientFor(url).prepare()).rejects.toMatchObject({
      pace: 'slow',
      message: expect.stringMatching(/is that an InfluxDB 1\.x\?/),
    });
  });
});
