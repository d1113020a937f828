import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { collectLog } from '../../../test/support/log.ts';
import { seriesPoints } from '../../../test/support/points.ts';
import { freePort } from '../../../test/support/ports.ts';
import { StandInMonitor } from '../../../test/support/web.ts';
import { HttpServer, type HttpServerParts } from './server.ts';

const CONFIG = { host: '127.0.0.1', port: 0, open: false, history_steps: 60 };
const TOKEN = 'a-long-enough-token';

let webDir: string;
beforeAll(() => {
  webDir = mkdtempSync(join(tmpdir(), 'foretide-web-'));
  writeFileSync(join(webDir, 'index.html'), '<!doctype html><title>Foretide</title>');
  writeFileSync(join(webDir, 'main.js'), `// ${'x'.repeat(2_000)}\n`);
  writeFileSync(join(webDir, 'main.d.ts'), 'export {};');
  mkdirSync(join(webDir, 'below'));
  writeFileSync(join(webDir, 'below', 'deep.js'), '');
});
afterAll(() => rmSync(webDir, { recursive: true }));

let server: HttpServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function start(
  over: { token?: string; host?: string; port?: number } = {},
  more: Partial<HttpServerParts> = {},
) {
  const monitor = new StandInMonitor();
  const { log, lines } = collectLog();
  server = new HttpServer({ ...CONFIG, ...over }, { monitor, log, webDir, ...more });
  await server.start();
  const url = server.url!;
  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(new URL(path, url), { headers, redirect: 'manual' });
  const getJson = async (path: string): Promise<unknown> => (await get(path)).json();
  return { monitor, lines, url, get, getJson };
}

/** As it stands: fetch would tidy the path, and mind the name of the host. */
function raw(url: string, path: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const sent = request(new URL(url), { path, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode!, text }));
    });
    sent.on('error', reject).end();
  });
}

describe('the page’s server', () => {
  it('says where it is, and gives the page and its parts, compressed and revalidated', async () => {
    const { get, lines, url } = await start();
    expect(lines.map(({ msg }) => msg)).toEqual([`page on ${url}`]);
    const page = await get('/');
    expect(await page.text()).toContain('<title>Foretide</title>');
    expect(page.headers.get('Content-Type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('Cache-Control')).toBe('no-cache');
    const script = await get('/assets/main.js');
    expect(script.headers.get('Content-Type')).toBe('text/javascript; charset=utf-8');
    expect(script.headers.get('Content-Encoding')).toBe('gzip');
    expect((await script.text()).length).toBe(2_004);
    const etag = script.headers.get('ETag')!;
    const again = await get('/assets/main.js', { 'If-None-Match': etag });
    expect([again.status, await again.text()]).toEqual([304, '']);
  });

  it('lets the page load nothing from elsewhere, and nobody frame it', async () => {
    const { get } = await start();
    for (const path of ['/', '/api/series', '/nowhere', '/healthz']) {
      const { headers } = await get(path);
      expect(headers.get('Content-Security-Policy')).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
          "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
      );
      expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
      expect(headers.get('Referrer-Policy')).toBe('no-referrer');
    }
  });

  it.each([
    '/assets/../package.json',
    '/assets/..%2f..%2fpackage.json',
    '/assets/%2e%2e/%2e%2e/package.json',
    '/assets/below/deep.js',
    '/assets/main.d.ts',
    '/../../../../etc/passwd',
    '//etc/passwd',
    '/assets/',
  ])('has nothing at %s', async (path) => {
    const { url } = await start();
    const { status, text } = await raw(url, path);
    expect([status, Object.keys(JSON.parse(text) as object)]).toEqual([404, ['error']]);
  });

  it('says that the page is not built', async () => {
    const { get } = await start({}, { webDir: join(webDir, 'not-there') });
    const answer = await get('/');
    expect([answer.status, await answer.json()]).toEqual([
      404,
      { error: 'the page is not built; npm run build' },
    ]);
  });

  it('mounts what others answer', async () => {
    const routes = [{ path: '/metrics', answer: () => new Response('up 1\n') }];
    const { get } = await start({}, { routes });
    expect(await (await get('/metrics')).text()).toBe('up 1\n');
  });

  it('answers whoever asks how it is', async () => {
    const { get, monitor } = await start({ token: TOKEN });
    expect(await (await get('/healthz')).text()).toBe('ok\n');
    expect((await get('/readyz')).status).toBe(200);
    monitor.unreadyReason = 'not connected to mqtt://there';
    const answer = await get('/readyz');
    expect([answer.status, await answer.text()]).toEqual([503, 'not connected to mqtt://there\n']);
  });

  it('tells the log of a defect, and the asker that there is one', async () => {
    const { get, monitor, lines } = await start();
    monitor.pipeline = () => {
      throw new Error('a defect');
    };
    expect((await get('/api/pipeline')).status).toBe(500);
    expect(lines.at(-1)!.msg).toContain('GET /api/pipeline: Error: a defect');
  });

  it('says that its port is in use', async () => {
    const port = await freePort();
    const first = await start({ port });
    const other = new HttpServer(
      { ...CONFIG, port },
      { monitor: first.monitor, log: collectLog().log },
    );
    await expect(other.start()).rejects.toMatchObject({
      message: expect.stringMatching(/^page: 127\.0\.0\.1 port \d+ is in use.*set http\.port/),
      exitCode: 2,
    });
    await other.stop();
  });
});

describe('its requests', () => {
  it('lists series', async () => {
    const { monitor, getJson } = await start();
    monitor.board.add([seriesPoints({ series: 'a' }), seriesPoints({ series: 'b', actual: 30 })]);
    const all = await getJson('/api/series?sort=last&descending=true&limit=1&offset=&search=');
    expect(all).toEqual({ total: 2, matched: 2, rows: [monitor.board.summary('b')] });
    expect(await getJson('/api/series?search=A&state=learning&stream=plant')).toMatchObject({
      matched: 1,
    });
  });

  it('details one, with what is learned of it', async () => {
    const { monitor, getJson, get } = await start();
    monitor.board.add([seriesPoints({ series: 'a b/c+d' })]);
    const learned = { newestMs: 5, channels: [] };
    monitor.learnedOf = (series) => (series === 'a b/c+d' ? learned : undefined);
    const name = encodeURIComponent('a b/c+d');
    expect(await getJson(`/api/series/detail?series=${name}&lead=2`)).toEqual({
      summary: monitor.board.summary('a b/c+d'),
      history: monitor.board.history('a b/c+d', 2),
      learned,
    });
    const missing = await get('/api/series/detail?series=none');
    expect([missing.status, await missing.json()]).toEqual([
      404,
      { error: 'there is no series "none"' },
    ]);
    const lead = await get(`/api/series/detail?series=${name}&lead=7`);
    expect([lead.status, await lead.json()]).toEqual([
      400,
      { error: 'lead: forecasts of 7 are not kept; write one of 1, 2' },
    ]);
  });

  it('reports on the pipeline', async () => {
    const { monitor, getJson } = await start();
    const { accounting: _, ...status } = monitor.pipeline();
    const plant = { received: 3, learned: 3, duplicate: 0, late: 0, invalid: 0, filtered: 0 };
    expect(await getJson('/api/pipeline')).toEqual({
      ...status,
      accounting: { plant: { ...plant, pending: 0 } },
    });
  });

  it.each([
    ['/api/series?state=bad', 'state: "bad" is not allowed; write learning, good, drifting'],
    ['/api/series?sort=size', 'sort: "size" is not allowed; write series, state, last'],
    ['/api/series?descending=1', 'descending: "1" is not allowed; write true, false'],
    ['/api/series?limit=0', 'limit: "0" is not allowed; write a whole number, 1 to 1000'],
    ['/api/series?offset=-1', 'offset: "-1" is not allowed; write a whole number, 0 or more'],
    ['/api/series?offset=1e3', 'offset: "1e3" is not allowed'],
    ['/api/series?page=2', '"page" is not known; write search, state'],
    ['/api/series?limit=1&limit=2', 'limit is given twice; give it once'],
    ['/api/series/detail', 'series is missing'],
    ['/api/series/detail?series=a&lead=x', 'lead: "x" is not allowed'],
    ['/api/pipeline?x=1', '"x" is not known; nothing can be asked here'],
    ['/api/live', 'view: "" is not allowed; write list, detail, pipeline'],
    ['/api/live?view=list&state=bad', 'state: "bad" is not allowed'],
    ['/api/live?view=detail', 'series is missing'],
  ])('refuses %s', async (path, says) => {
    const { get } = await start();
    const answer = await get(path);
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { error: string }).error).toContain(says);
  });
});

describe('without a token, on this machine', () => {
  it.each(['127.0.0.1', 'localhost:8484', 'LOCALHOST', '[::1]:1', '127.1.2.3'])(
    'answers for %s',
    async (host) => {
      const { url } = await start();
      expect((await raw(url, '/api/pipeline', { host })).status).toBe(200);
    },
  );

  it.each(['evil.example', 'localhost.evil.example', '192.168.1.7', '127.0.0.1.evil.example'])(
    'answers nothing for %s, whose page would read it all',
    async (host) => {
      const { url } = await start();
      for (const path of ['/api/pipeline', '/', '/healthz']) {
        const { status, text } = await raw(url, path, { host });
        expect(status).toBe(403);
        expect(text).toContain('none of this machine’s own names');
      }
    },
  );
});

describe('with a token', () => {
  const html = { Accept: 'text/html,*/*' };

  it('wants it for everything', async () => {
    const { get, url } = await start({ token: TOKEN });
    for (const path of ['/api/series', '/api/live?view=list', '/assets/main.js', '/nowhere']) {
      const answer = await get(path);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('WWW-Authenticate')).toMatch(/^Bearer/);
      expect(await answer.json()).toEqual({ error: expect.stringContaining('a token is needed') });
    }
    const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
    expect((await get('/api/series', bearer(TOKEN))).status).toBe(200);
    expect((await get('/api/series', bearer(`${TOKEN}x`))).status).toBe(401);
    expect((await raw(url, '/api/series', { ...bearer(TOKEN), host: 'page.example' })).status).toBe(
      200,
    );
  });

  it('shows a form without scripts, and takes the token for a cookie', async () => {
    const { get, url } = await start({ token: TOKEN });
    const page = await get('/', html);
    const text = await page.text();
    expect(page.status).toBe(401);
    expect(text).toContain('<form method="post" action="/login">');
    expect(text).not.toContain('<script');
    expect((await get('/login.css')).status).toBe(200);

    const login = (token: string): Promise<Response> =>
      fetch(new URL('/login', url), {
        method: 'POST',
        body: new URLSearchParams({ token }),
        redirect: 'manual',
      });
    const wrong = await login('guess');
    expect([wrong.status, wrong.headers.get('Set-Cookie')]).toEqual([401, null]);
    expect(await wrong.text()).toContain('That is not the token.');
    const right = await login(TOKEN);
    expect([right.status, right.headers.get('Location')]).toEqual([303, './']);
    const cookie = right.headers.get('Set-Cookie')!;
    expect(cookie).toMatch(/^foretide_\S+=\S+; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(cookie).not.toContain(TOKEN);
    const [pair] = cookie.split(';');
    expect((await get('/', { ...html, Cookie: pair! })).status).toBe(200);
    expect((await get('/', { ...html, Cookie: `${pair}x` })).status).toBe(401);
    const out = await fetch(new URL('/logout', url), { method: 'POST', redirect: 'manual' });
    expect(out.headers.get('Set-Cookie')).toMatch(/^foretide_\S+=; Max-Age=0/);
  });

  it('takes no form of any size', async () => {
    const { url } = await start({ token: TOKEN });
    const body = new URLSearchParams({ token: 'x'.repeat(10_000) });
    expect((await fetch(new URL('/login', url), { method: 'POST', body })).status).toBe(413);
  });

  it('slows down whoever guesses', async () => {
    const { get } = await start({ token: TOKEN });
    const guess = async (token: string): Promise<number> =>
      (await get('/api/series', { Authorization: `Bearer ${token}` })).status;
    const statuses: number[] = [];
    for (let i = 0; i < 7; i++) statuses.push(await guess(`guess${i}`));
    expect(statuses.slice(0, 5)).toEqual([401, 401, 401, 401, 401]);
    // Whatever it shows, until a second has gone by.
    expect(statuses).toContain(429);
  });
});
