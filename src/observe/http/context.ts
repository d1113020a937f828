import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';

/** What a request comes with: Node’s own request and answer. */
export interface Env {
  readonly Bindings: HttpBindings;
}

export function addressOf(c: Context<Env>): string {
  return c.env.incoming.socket.remoteAddress ?? '';
}
