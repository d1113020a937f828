/** An HTTP proxy on loopback that does harm as it is told; in front of a real server. */
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type Fault =
  /** Forwarded so much later. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Not forwarded. */
  | { readonly kind: 'answer'; readonly status: number; readonly body?: string }
  /** The connection is cut before the server has the request, or after it has answered. */
  | { readonly kind: 'cut'; readonly when: 'before' | 'after' };

export interface FaultProxy {
  readonly url: string;
  /** Requests to `/write` so far. */
  readonly writes: number;
  /** Those of them that the server has and has not answered. */
  readonly underWay: number;
  /** What becomes of the next requests to `/write`, by their number from 0; undefined: forwarded. */
  fault: (write: number) => Fault | undefined;
  stop(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: Buffer;
}

export async function startFaultProxy(target: string): Promise<FaultProxy> {
  let writes = 0;
  let underWay = 0;
  const proxy = { fault: (_write: number): Fault | undefined => undefined };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await collect(request);
    const isWrite = request.url!.startsWith('/write');
    const fault = isWrite ? proxy.fault(writes++) : undefined;
    if (fault?.kind === 'answer') {
      response.writeHead(fault.status).end(fault.body ?? '');
      return;
    }
    if (fault?.kind === 'cut' && fault.when === 'before') return void request.socket.destroy();
    if (fault?.kind === 'delay') await sleep(fault.ms);
    underWay += Number(isWrite);
    const {
      status,
      headers,
      body: answer,
    } = await forward(target, request, body).finally(() => {
      underWay -= Number(isWrite);
    });
    if (fault?.kind === 'cut') return void request.socket.destroy();
    response.writeHead(status, headers).end(answer);
  };
  const server = createServer((request, response) => {
    // A server that is away cuts the connection.
    handle(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.defineProperties(proxy as FaultProxy, {
    url: { value: `http://127.0.0.1:${port}` },
    writes: { get: () => writes },
    underWay: { get: () => underWay },
    stop: {
      value: () => {
        server.closeAllConnections();
        return new Promise<void>((resolve) => server.close(() => resolve()));
      },
    },
  });
}

async function forward(target: string, request: IncomingMessage, body: Buffer): Promise<Answer> {
  const { method, headers, url } = request;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = { method, headers: { ...headers, connection: 'close' } };
    httpRequest(new URL(url!, target), options, resolve).once('error', reject).end(body);
  });
  const answer = await collect(response);
  return { status: response.statusCode!, headers: response.headers, body: answer };
}

async function collect(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
