/**
 * A stand-in for InfluxDB 2 and 3, which cannot be run here: answers as the sources and the manuals of
 * the real ones say, with their statuses, headers and bodies. It reads line protocol for what it is and
 * keeps the points, so that tests see what a database would hold.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { FakeStore, type StoredPoint } from './fake-influx-store.ts';

/** What becomes of a write in place of an answer of its own. */
export type FakeFault =
  | { readonly status: number; readonly body?: string; readonly headers?: Record<string, string> }
  | { readonly delayMs: number }
  | { readonly cut: 'before' | 'after' };

export interface FakeInfluxOptions {
  /** `cloud3`: an InfluxDB 3 that knows the interface of 2.x alone, as Serverless and Dedicated. */
  readonly kind: 'v2' | 'core3' | 'cloud3';
  readonly token?: string;
  /** Of 2: what the token may do beside writing to buckets that are there. */
  readonly may?: readonly ('see' | 'create')[];
  /** Bytes of a request, unpacked. */
  readonly bodyMax?: number;
  /** Of 2: now, for the retention of buckets. */
  readonly now?: () => number;
}

export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Unpacked. */
  readonly body: string;
}

export const FAKE_ORG = 'plant org';
const VERSIONS = { v2: 'v2.7.11', core3: '3.4.1', cloud3: undefined };

interface Reply {
  readonly status: number;
  readonly body?: string | object;
  readonly headers?: Readonly<Record<string, string>>;
}

export class FakeInflux {
  readonly stores = new Map<string, FakeStore>();
  readonly requests: FakeRequest[] = [];
  fault: (write: number) => FakeFault | undefined = () => undefined;
  readonly #options: FakeInfluxOptions;
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  #writes = 0;

  private constructor(options: FakeInfluxOptions) {
    this.#options = options;
  }

  static async start(options: FakeInfluxOptions): Promise<FakeInflux> {
    const fake = new FakeInflux(options);
    fake.#server.listen(0, '127.0.0.1');
    await once(fake.#server, 'listening');
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Requests that carried lines. */
  get writes(): readonly FakeRequest[] {
    return this.requests.filter(({ body, path }) => path.includes('write') && body !== '');
  }

  points(store: string, measurement?: string): StoredPoint[] {
    const points = this.stores.get(store)?.points ?? [];
    return points.filter((point) => measurement === undefined || point.measurement === measurement);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const packed = Buffer.concat(parts);
    const isPacked = request.headers['content-encoding'] === 'gzip';
    const url = new URL(request.url!, 'http://fake');
    const asked: FakeRequest = {
      method: request.method!,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body: (isPacked ? gunzipSync(packed) : packed).toString(),
    };
    this.requests.push(asked);
    const isWrite = asked.path.includes('write') && asked.body !== '';
    const fault = isWrite ? this.fault(this.#writes++) : undefined;
    if (fault && 'cut' in fault && fault.cut === 'before') return void request.socket.destroy();
    if (fault && 'delayMs' in fault) await sleep(fault.delayMs);
    const reply: Reply = fault && 'status' in fault ? fault : this.#reply(asked);
    if (fault && 'cut' in fault) return void request.socket.destroy();
    const { status, body, headers } = reply;
    // Core tells nothing to those who have no token.
    const version = status === 401 ? undefined : VERSIONS[this.#options.kind];
    response.writeHead(status, {
      ...(version ? { 'X-Influxdb-Version': version, 'X-Influxdb-Build': 'OSS' } : {}),
      ...(typeof body === 'object' ? { 'Content-Type': 'application/json; charset=utf-8' } : {}),
      ...headers,
    });
    response.end(typeof body === 'object' ? JSON.stringify(body) : body);
  }

  #reply(asked: FakeRequest): Reply {
    const { kind, token } = this.#options;
    if (asked.path === '/ping' && kind !== 'core3') return { status: 204 };
    const authorization = String(asked.headers.authorization ?? '');
    const schemes = kind === 'v2' ? ['Token'] : ['Bearer', 'Token'];
    if (token && !schemes.some((scheme) => authorization === `${scheme} ${token}`)) {
      return kind === 'core3'
        ? { status: 401, body: '{"error": "the request was not authenticated"}' }
        : failure(401, 'unauthorized', 'unauthorized access');
    }
    if (asked.path === '/ping') return { status: 200, body: { version: VERSIONS[kind] } };
    const size = Buffer.byteLength(asked.body);
    const isTooLarge = size > (this.#options.bodyMax ?? Number.POSITIVE_INFINITY);
    if (kind === 'core3') return this.#core3(asked, isTooLarge);
    return kind === 'v2' ? this.#v2(asked, isTooLarge) : this.#cloud3(asked, isTooLarge);
  }

  #v2(asked: FakeRequest, isTooLarge: boolean): Reply {
    const { method, path, query } = asked;
    const may = this.#options.may ?? ['see', 'create'];
    if (method === 'GET' && path === '/api/v2/orgs') {
      const orgs = [{ id: '0011223344556677', name: FAKE_ORG }];
      return may.includes('create')
        ? { status: 200, body: { orgs } }
        : { status: 200, body: { orgs: [] } };
    }
    if (method === 'POST' && path === '/api/v2/buckets') return this.#createBucket(asked, may);
    if (query.org !== FAKE_ORG) {
      return failure(404, 'not found', `organization name "${query.org}" not found`);
    }
    if (method === 'GET' && path === '/api/v2/buckets') {
      const store = this.stores.get(query.name!);
      if (!store) return failure(404, 'not found', `bucket "${query.name}" not found`);
      const retentionRules = [{ type: 'expire', everySeconds: store.retentionMs / 1_000 }];
      const bucket = { id: '8899aabbccddeeff', name: query.name, retentionRules };
      return { status: 200, body: { buckets: may.includes('see') ? [bucket] : [] } };
    }
    if (method !== 'POST' || path !== '/api/v2/write')
      return failure(404, 'not found', 'path not found');
    const store = this.stores.get(query.bucket!);
    if (!store) return failure(404, 'not found', `bucket "${query.bucket}" not found`);
    if (isTooLarge) {
      return failure(413, 'request too large', 'unable to read data: points batch is too large');
    }
    if (asked.body === '') return failure(400, 'invalid', 'writing requires points');
    if (query.precision !== 'ms') return failure(400, 'invalid', 'the tests write ms');
    const parsed = store.parse(asked.body);
    const bad = parsed.find(({ error }) => error);
    // One malformed line, and nothing of the request is written.
    if (bad) return failure(400, 'invalid', `unable to parse '${bad.text}': ${bad.error}`);
    const refused = store.write(parsed, this.#options.now?.() ?? Date.now());
    if (refused.length === 0) return { status: 204 };
    const partial = `partial write: ${refused[0]!.v2} dropped=${refused.length}`;
    return failure(422, 'unprocessable entity', `failure writing points to database: ${partial}`);
  }

  #createBucket({ body }: FakeRequest, may: readonly string[]): Reply {
    if (!may.includes('create')) {
      return failure(401, 'unauthorized', 'write:orgs/0011223344556677/buckets is unauthorized');
    }
    const { name, retentionRules } = JSON.parse(body) as {
      name: string;
      retentionRules: { everySeconds: number }[];
    };
    if (this.stores.has(name)) {
      return failure(422, 'conflict', `bucket with name ${name} already exists`);
    }
    this.stores.set(name, new FakeStore((retentionRules[0]?.everySeconds ?? 0) * 1_000));
    return { status: 201, body: { name } };
  }

  #core3(asked: FakeRequest, isTooLarge: boolean): Reply {
    const { method, path, query, body } = asked;
    const isV2 = path === '/api/v2/write';
    if (method !== 'POST' || (path !== '/api/v3/write_lp' && !isV2)) {
      return { status: 404, body: 'not found' };
    }
    const database = isV2 ? query.bucket : query.db;
    if (database === undefined) return { status: 400, body: "missing query parameter 'db'" };
    if (isTooLarge) {
      return { status: 500, body: `max request size (${this.#options.bodyMax} bytes) exceeded` };
    }
    if (body === '') return { status: 400, body: 'incoming write was empty' };
    if (query.precision !== (isV2 ? 'ms' : 'millisecond')) {
      return { status: 400, body: `serde error: unknown variant \`${query.precision}\`` };
    }
    const store = this.stores.get(database) ?? new FakeStore(0);
    this.stores.set(database, store);
    const parsed = store.parse(body);
    const invalid = [
      ...parsed.flatMap(({ error, number, text }) => (error ? { error, number, text } : [])),
      ...store
        .write(
          parsed.filter(({ error }) => !error),
          0,
        )
        .map(({ number, text, v3 }) => {
          return { error: v3, number, text };
        }),
    ].sort((a, b) => a.number - b.number);
    if (invalid.length === 0) return { status: 204 };
    const data = invalid.map(({ error, number, text }) => {
      return { original_line: text.slice(0, 20), line_number: number, error_message: error };
    });
    return { status: 400, body: { error: 'partial write of line protocol occurred', data } };
  }

  #cloud3({ method, path, query, body }: FakeRequest, isTooLarge: boolean): Reply {
    if (method !== 'POST' || path !== '/api/v2/write')
      return failure(404, 'not found', 'not found');
    const store = this.stores.get(query.bucket!);
    if (!store) return failure(404, 'not found', 'database not found');
    if (isTooLarge) return failure(413, 'request too large', 'max request size exceeded');
    if (body === '') return failure(400, 'invalid', 'writing requires points');
    const parsed = store.parse(body);
    const refused = store.write(
      parsed.filter(({ error }) => !error),
      0,
    );
    if (refused.length === 0) return { status: 204 };
    const said = refused.slice(0, 100).map(({ number, v3 }) => `line ${number}: ${v3}`);
    const list = `errors encountered on line(s): ${said.join('; ')}`;
    return failure(400, 'invalid', `failed to parse line protocol: ${list}`);
  }
}

function failure(status: number, code: string, message: string): Reply {
  return { status, body: { code, message }, headers: { 'X-Platform-Error-Code': code } };
}
