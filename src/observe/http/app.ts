/** All addresses; see api.ts. */
import { Hono } from 'hono';
import { compress } from 'hono/compress';
import { createMiddleware } from 'hono/factory';
import { secureHeaders } from 'hono/secure-headers';
import { streamSSE } from 'hono/streaming';
import { isLoopbackInUrl } from '../../config/loopback.ts';
import type { Monitor } from '../monitor.ts';
import type { Hello, SeriesDetail, View } from './api.ts';
import type { Asset } from './assets.ts';
import type { Env } from './context.ts';
import { LiveHub } from './live.ts';
import { addLogin, guarded } from './login.ts';
import { pipelineReport } from './pipeline-report.ts';
import { detailQuery, listQuery, liveQuery, pipelineQuery, QueryError } from './query.ts';
import type { TokenGuard } from './token.ts';

/** An address that somebody else answers; GET alone, and behind the token as all others. */
export interface Route {
  /** `/metrics` */
  readonly path: string;
  answer(request: Request): Response | Promise<Response>;
}

export interface AppParts {
  readonly monitor: Monitor;
  readonly assets: ReadonlyMap<string, Asset>;
  /** undefined: everybody may look. */
  readonly guard: TokenGuard | undefined;
  /** Whether only this machine’s names may stand in a request, as only this machine is meant. */
  readonly ownNamesOnly: boolean;
  readonly routes: readonly Route[];
  /** What went wrong while answering. */
  readonly onFailure: (text: string) => void;
}

const CONTENT_POLICY = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  formAction: ["'self'"],
  baseUri: ["'none'"],
  // By what comes from the same place alone: behind Home Assistant's ingress that is its own frame.
  frameAncestors: ["'self'"],
};

/** Nobody asks for what is not there: 404. */
class Missing extends Error {}

export interface App {
  readonly app: Hono<Env>;
  readonly hub: LiveHub;
}

export function createApp(parts: AppParts): App {
  const { monitor, guard, routes } = parts;
  const { instance, version } = monitor.pipeline();
  const hub = new LiveHub({ instance, version } satisfies Hello);
  const app = new Hono<Env>();
  app.use(
    secureHeaders({
      contentSecurityPolicy: CONTENT_POLICY,
      xFrameOptions: 'SAMEORIGIN',
      // Whether there is TLS is for the proxy to say.
      strictTransportSecurity: false,
    }),
  );
  if (parts.ownNamesOnly) app.use(ownNames);
  app.get('/healthz', (c) => c.text('ok\n'));
  app.get('/readyz', (c) => {
    const reason = monitor.unreadyReason;
    return reason === undefined ? c.text('ready\n') : c.text(`${reason}\n`, 503);
  });
  if (guard) {
    addLogin(app, guard);
    app.use(guarded(guard));
  }
  addApi(app, monitor, hub);
  addAssets(app, parts.assets);
  for (const { path, answer } of routes) app.get(path, (c) => answer(c.req.raw));
  app.notFound((c) => c.json({ error: `there is nothing at ${c.req.path}` }, 404));
  app.onError((error, c) => {
    if (error instanceof QueryError) return c.json({ error: error.message }, 400);
    if (error instanceof Missing) return c.json({ error: error.message }, 404);
    parts.onFailure(`${c.req.method} ${c.req.path}: ${error.stack ?? error.message}`);
    return c.json({ error: 'this went wrong; the log says more' }, 500);
  });
  return { app, hub };
}

/**
 * A page elsewhere can give its own name this machine’s address, and then read what it likes; but the
 * browser tells that name.
 */
const ownNames = createMiddleware<Env>(async (c, next) => {
  const host = (c.req.header('Host') ?? '').replace(/:\d+$/, '').toLowerCase();
  if (isLoopbackInUrl(host)) return next();
  const error = `"${host}" is none of this machine’s own names; use 127.0.0.1, or set http.token`;
  return c.json({ error }, 403);
});

function addApi(app: Hono<Env>, monitor: Monitor, hub: LiveHub): void {
  const answers: Record<View, (query: URLSearchParams) => () => Promise<object>> = {
    list: (query) => {
      const rows = listQuery(query);
      return async () => monitor.board.rows(rows);
    },
    detail: (query) => {
      const { series, lead } = detailQuery(query);
      return () => seriesDetail(monitor, series, lead);
    },
    pipeline: (query) => {
      pipelineQuery(query);
      return async () => pipelineReport(monitor);
    },
  };
  const plain = { list: '/api/series', detail: '/api/series/detail', pipeline: '/api/pipeline' };
  for (const view of ['list', 'detail', 'pipeline'] as const) {
    app.get(plain[view], compress(), async (c) => {
      const report = await answers[view](new URL(c.req.url).searchParams)();
      c.header('Cache-Control', 'no-store');
      return c.json(report);
    });
  }
  app.get('/api/live', async (c) => {
    const { view, rest } = liveQuery(new URL(c.req.url).searchParams);
    const answer = answers[view](rest);
    // Said here, where there is still a status to say it with.
    await answer();
    if (hub.isFull) return c.json({ error: 'too many viewers; close some' }, 503);
    const compute = async (): Promise<string> => JSON.stringify(await answer());
    rest.sort();
    const feed = { key: `${view}?${rest}`, view, compute };
    // For nginx, which would wait until it has a full buffer.
    c.header('X-Accel-Buffering', 'no');
    return streamSSE(c, (stream) => hub.serve(stream, c.env.outgoing, feed));
  });
}

/** @throws Missing */
async function seriesDetail(
  monitor: Pick<Monitor, 'board' | 'learned'>,
  series: string,
  lead: number | undefined,
): Promise<SeriesDetail> {
  const { board } = monitor;
  const learned = await monitor.learned(series);
  const summary = board.summary(series);
  if (!summary) throw new Missing(`there is no series ${JSON.stringify(series)}`);
  const history = board.history(series, lead);
  if (!history) {
    const leads = board.history(series)?.leads.join(', ');
    throw new QueryError(`lead: forecasts of ${lead} are not kept; write one of ${leads}`);
  }
  return { summary, history, learned: learned ?? null };
}

function addAssets(app: Hono<Env>, assets: ReadonlyMap<string, Asset>): void {
  const give = (name: string, method: string, wanted = ''): Response => {
    const asset = assets.get(name);
    if (!asset) {
      const isBuilt = assets.has('index.html');
      throw new Missing(isBuilt ? `there is no ${name}` : 'the page is not built; npm run build');
    }
    const { type, etag, body } = asset;
    const headers = { 'Cache-Control': 'no-cache', ETag: etag, 'Content-Type': type };
    if (wanted.includes(etag)) return new Response(null, { status: 304, headers });
    return new Response(method === 'HEAD' ? null : body, { headers });
  };
  app.get('/', compress(), (c) => give('index.html', c.req.method, c.req.header('If-None-Match')));
  app.get('/assets/:name', compress(), (c) =>
    give(c.req.param('name'), c.req.method, c.req.header('If-None-Match')),
  );
}
