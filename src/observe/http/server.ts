import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { isLoopback } from '../../config/loopback.ts';
import type { HttpConfig } from '../../config/schema.ts';
import type { Logger } from '../log.ts';
import type { Companion, Monitor } from '../monitor.ts';
import { createApp, type Route } from './app.ts';
import { loadAssets, WEB_DIR } from './assets.ts';
import type { LiveHub } from './live.ts';
import { TokenGuard } from './token.ts';

/** Far beyond what viewers need; what comes then waits for nothing. */
const CONNECTIONS_MAX = 512;
/** For answers under way, and the ends of streams. */
const STOP_MS_MAX = 500;
const START_EXIT = 2;

export interface HttpServerParts {
  readonly monitor: Monitor;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  /** Addresses that others answer: `/metrics`. */
  readonly routes?: readonly Route[];
  /** Where it can be seen, once it is there. Default: one line in the log. */
  readonly onListening?: (url: string) => void;
  /** What the page is made of; default: what was built. */
  readonly webDir?: string;
}

/** The page cannot be served, and the user can mend it. */
export class HttpStartError extends Error {
  override readonly name = 'HttpStartError';
  readonly exitCode = START_EXIT;
}

/** The page and its requests, beside a daemon. */
export class HttpServer implements Companion {
  readonly #config: HttpConfig;
  readonly #parts: HttpServerParts;
  #server: Server | undefined;
  #hub: LiveHub | undefined;
  #url: string | undefined;

  constructor(config: HttpConfig, parts: HttpServerParts) {
    this.#config = config;
    this.#parts = parts;
  }

  /** undefined until it listens. */
  get url(): string | undefined {
    return this.#url;
  }

  /** @throws HttpStartError */
  async start(): Promise<void> {
    const { monitor, log, routes = [], webDir = WEB_DIR } = this.#parts;
    const { host, port, token } = this.#config;
    const { app, hub } = createApp({
      monitor,
      routes,
      assets: loadAssets(webDir),
      guard: token === undefined ? undefined : new TokenGuard(token),
      // With a token a page elsewhere reads nothing: it has not got our cookie.
      ownNamesOnly: isLoopback(host) && token === undefined,
      onFailure: (text) => log.warn(`page: ${text}`),
    });
    this.#hub = hub;
    const server = createAdaptorServer({
      fetch: app.fetch,
      overrideGlobalObjects: false,
    }) as Server;
    server.maxConnections = CONNECTIONS_MAX;
    try {
      await listen(server, host, port);
    } catch (error) {
      throw new HttpStartError(explain(error as NodeJS.ErrnoException, this.#config));
    }
    server.on('error', (error) => log.warn(`page: ${error.message}`));
    this.#server = server;
    this.#url = `http://${hostInUrl(host)}:${(server.address() as AddressInfo).port}/`;
    const tell = this.#parts.onListening ?? ((url: string) => log.info(`page on ${url}`));
    tell(this.#url);
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    this.#hub?.close();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    const timer = setTimeout(() => server.closeAllConnections(), STOP_MS_MAX);
    await closed;
    clearTimeout(timer);
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Browsers cannot go to "every address", but they can to this machine. */
function hostInUrl(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

function explain(error: NodeJS.ErrnoException, { host, port }: HttpConfig): string {
  const where = `page: ${host} port ${port}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return `${where} is in use, perhaps by another daemon; set http.port to another one (0 = any free one)`;
    case 'EACCES':
      return `${where} may not be opened by this user; choose a port above 1023 for http.port`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${where}: this machine does not have that address; set http.host`;
    default:
      return `${where} cannot be opened: ${error.message}`;
  }
}
