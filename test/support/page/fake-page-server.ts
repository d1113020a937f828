/** Serves the built page over HTTP with made-up data, by the same contract as the daemon. */
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { basename, extname, join } from 'node:path';
import { type ServerType, serve } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { DetailQuery, ListQuery, SeriesDetail, View } from '../../../src/observe/http/api.ts';
import { pipelineReport } from '../../../src/observe/http/pipeline-report.ts';
import type { RowOrder, SeriesState } from '../../../src/observe/monitor.ts';
import { ROOT } from '../root.ts';
import { FakeMonitor, type FakeMonitorOptions } from './fake-monitor.ts';

const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'";
const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const TOKEN = 'open sesame';

export interface FakePageServer {
  readonly url: string;
  readonly port: number;
  readonly monitor: FakeMonitor;
  /** Asked for in vain from then on, with 401. */
  locked: boolean;
  stop(): Promise<void>;
}

export async function startFakePage(
  options: FakeMonitorOptions & { readonly port?: number; readonly everyMs?: number } = {},
): Promise<FakePageServer> {
  const monitor = new FakeMonitor(options);
  const gate = { locked: false };
  const app = createApp(monitor, gate, options.everyMs ?? 1_000);
  const server = await new Promise<ServerType>((resolve) => {
    const started = serve(
      { fetch: app.fetch, port: options.port ?? 0, hostname: '127.0.0.1' },
      () => resolve(started),
    );
  });
  const { port } = server.address() as AddressInfo;
  return {
    ...{ url: `http://127.0.0.1:${port}`, port, monitor },
    set locked(locked: boolean) {
      gate.locked = locked;
    },
    get locked() {
      return gate.locked;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}

function createApp(monitor: FakeMonitor, gate: { locked: boolean }, everyMs: number): Hono {
  const app = new Hono();
  app.use('/api/*', async (c, next) => {
    const known = c.req.header('cookie')?.includes('token=');
    if (gate.locked && !known) return c.json({ error: 'a token is needed' }, 401);
    return next();
  });
  app.post('/login', async (c) => {
    const { token } = await c.req.parseBody();
    if (token !== TOKEN) return c.text('wrong token', 401);
    return c.body(null, 303, { location: '/', 'set-cookie': 'token=1; HttpOnly; SameSite=Strict' });
  });
  app.get('/', (c) => file(c, 'index.html'));
  app.get('/assets/:name', (c) => file(c, c.req.param('name')));
  app.get('/api/series', (c) => c.json(list(monitor, c.req.query())));
  app.get('/api/series/detail', async (c) => {
    const found = await detail(monitor, c.req.query() as unknown as DetailQuery);
    return found ? c.json(found) : c.json({ error: 'there is no such series' }, 404);
  });
  app.get('/api/pipeline', (c) => c.json(pipelineReport(monitor)));
  app.get('/api/live', (c) => live(c, monitor, everyMs));
  return app;
}

function file(c: Context, name: string): Response {
  const path = join(ROOT, 'dist/web', basename(name));
  const type = TYPES[extname(path)];
  try {
    if (!type) throw new Error(name);
    const headers = { 'content-type': type, 'content-security-policy': CSP };
    return c.body(readFileSync(path, 'utf8'), 200, headers);
  } catch {
    return c.json({ error: `there is no ${name}; run npm run build` }, 404);
  }
}

async function live(c: Context, monitor: FakeMonitor, everyMs: number): Promise<Response> {
  const query = c.req.query();
  const read = (): unknown => {
    const view = query.view as View;
    if (view === 'pipeline') return pipelineReport(monitor);
    return view === 'list' ? list(monitor, query) : detail(monitor, query as never);
  };
  if ((await read()) === undefined) return c.json({ error: 'there is no such series' }, 404);
  return streamSSE(c, async (stream) => {
    const { instance, version } = monitor.pipeline();
    await stream.writeSSE({ event: 'hello', data: JSON.stringify({ instance, version }) });
    while (!stream.aborted && !stream.closed) {
      await stream.writeSSE({ event: query.view, data: JSON.stringify(await read()) });
      await stream.sleep(everyMs);
    }
  });
}

function list(monitor: FakeMonitor, query: ListQuery) {
  return monitor.board.rows({
    search: query.search,
    state: query.state as SeriesState,
    stream: query.stream,
    sort: query.sort as RowOrder,
    descending: query.descending === 'true',
    offset: Number(query.offset ?? 0),
    limit: Number(query.limit ?? 50),
  });
}

async function detail(
  monitor: FakeMonitor,
  { series, lead }: DetailQuery,
): Promise<SeriesDetail | undefined> {
  const summary = monitor.board.summary(series);
  const history = monitor.board.history(series, Number(lead ?? 1));
  if (!summary || !history) return undefined;
  return { summary, history, learned: (await monitor.learned(series)) ?? null };
}

if (process.argv[1] === import.meta.filename) {
  const [port, series] = process.argv.slice(2).map(Number);
  const { url } = await startFakePage({ port, series });
  console.log(url);
}
