import { EventEmitter } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { collectLog } from '../../../test/support/log.ts';
import { seriesPoints } from '../../../test/support/points.ts';
import { type ServerEvent, StandInMonitor, serverEvents } from '../../../test/support/web.ts';
import { LiveHub, VIEWERS_MAX } from './live.ts';
import { HttpServer } from './server.ts';

let server: HttpServer | undefined;
const open: AbortController[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) one.abort();
  await server?.stop();
  server = undefined;
});

async function start() {
  const monitor = new StandInMonitor();
  const config = { host: '127.0.0.1', port: 0, open: false, history_steps: 60 };
  server = new HttpServer(config, { monitor, log: collectLog().log });
  await server.start();
  const url = server.url!;
  const watch = async (query: string) => {
    const abort = new AbortController();
    open.push(abort);
    const answer = await fetch(`${url}api/live?${query}`, { signal: abort.signal });
    return { answer, events: serverEvents(answer), abort };
  };
  return { monitor, url, watch };
}

async function next(events: AsyncGenerator<ServerEvent>): Promise<ServerEvent | undefined> {
  return (await events.next()).value as ServerEvent | undefined;
}

it('greets, shows how things are at once, and again when they have changed', async () => {
  const { monitor, watch } = await start();
  monitor.board.add([seriesPoints({ series: 'a' })]);
  const { answer, events } = await watch('view=list&search=a');
  expect(answer.headers.get('Content-Type')).toBe('text/event-stream');
  expect(await next(events)).toEqual({
    event: 'hello',
    data: { instance: 'one', version: '1.2.3' },
  });
  expect(await next(events)).toEqual({ event: 'list', data: monitor.board.rows({}) });
  monitor.board.add([seriesPoints({ series: 'b' })]);
  monitor.board.add([seriesPoints({ series: 'a2' })]);
  const { event, data } = (await next(events))!;
  expect([event, data]).toEqual(['list', monitor.board.rows({ search: 'a' })]);
});

it('computes once for all who look at the same', async () => {
  const { monitor, watch } = await start();
  monitor.board.add([seriesPoints({ series: 'a' })]);
  const viewers = [];
  for (let i = 0; i < 4; i++) viewers.push(await watch('view=detail&series=a&lead=1'));
  for (const { events } of viewers) {
    expect((await next(events))!.event).toBe('hello');
    expect((await next(events))!.event).toBe('detail');
  }
  // A request each, to see whether there is an answer; then one a tick.
  const before = monitor.asked;
  monitor.board.add([seriesPoints({ series: 'a', issuedMs: 1_900_000_000_000 })]);
  for (const { events } of viewers) await next(events);
  expect(monitor.asked - before).toBeLessThan(viewers.length);
});

it('says before the stream begins that there is no such series', async () => {
  const { watch } = await start();
  const { answer } = await watch('view=detail&series=none');
  expect([answer.status, await answer.json()]).toEqual([
    404,
    { error: 'there is no series "none"' },
  ]);
});

it('ends when the series is gone', async () => {
  const { monitor, watch } = await start();
  monitor.board.add([seriesPoints({ series: 'a' })]);
  const { events } = await watch('view=detail&series=a');
  await next(events);
  await next(events);
  monitor.board.remove('a');
  expect(await next(events)).toBeUndefined();
});

it('has room for a bounded number of viewers, and for another one when one goes', async () => {
  const { watch } = await start();
  const viewers = [];
  for (let i = 0; i < VIEWERS_MAX; i++) viewers.push(await watch(`view=list&offset=${i}`));
  const refused = await watch('view=list');
  expect([refused.answer.status, await refused.answer.json()]).toEqual([
    503,
    { error: 'too many viewers; close some' },
  ]);
  viewers[0]!.abort.abort();
  await expect.poll(async () => (await watch('view=list')).answer.status).toBe(200);
});

/** A way to a viewer, of which the test says when it has taken a message. */
class HeldStream {
  readonly messages: string[] = [];
  readonly #taken: (() => void)[] = [];

  write(message: Uint8Array | string): Promise<void> {
    this.messages.push(typeof message === 'string' ? message : new TextDecoder().decode(message));
    return new Promise((resolve) => this.#taken.push(resolve));
  }

  async close(): Promise<void> {}

  async take(): Promise<void> {
    this.#taken.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

class HeldConnection extends EventEmitter {
  destroyed = false;

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

describe('a viewer that is slow', () => {
  const feed = () => {
    let count = 0;
    return { key: 'k', view: 'list', compute: async () => String(count++) } as const;
  };
  const hello = { instance: 'one', version: '1.2.3' };

  it('has one message under way, gets the newest when it has taken it, and is dropped at last', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    try {
      const hub = new LiveHub(hello, { tickMs: 1_000, heartbeatMs: 60_000, stuckMs: 20_000 });
      const [stream, connection] = [new HeldStream(), new HeldConnection()];
      const served = hub.serve(stream, connection, feed());
      await vi.advanceTimersByTimeAsync(5_000);
      expect(stream.messages).toHaveLength(1);
      await stream.take();
      expect(stream.messages.slice(1)).toEqual(['event: list\ndata: 4\n\n']);
      await vi.advanceTimersByTimeAsync(20_000);
      expect([stream.messages.length, connection.destroyed]).toEqual([2, false]);
      await vi.advanceTimersByTimeAsync(1_000);
      expect(connection.destroyed).toBe(true);
      await served;
      expect(hub.viewers).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is told now and then that the way is open, where nothing changes', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    try {
      const hub = new LiveHub(hello, { tickMs: 1_000, heartbeatMs: 2_500, stuckMs: 20_000 });
      const [stream, connection] = [new HeldStream(), new HeldConnection()];
      const served = hub.serve(stream, connection, { ...feed(), compute: async () => 'same' });
      await stream.take();
      for (let i = 0; i < 7; i++) {
        await vi.advanceTimersByTimeAsync(1_000);
        await stream.take();
      }
      const [greeting, ...rest] = stream.messages;
      expect(greeting).toMatch(/^retry: 2000\nevent: hello\n/);
      expect(rest).toEqual(['event: list\ndata: same\n\n', ': still here\n\n', ': still here\n\n']);
      connection.destroy();
      await served;
    } finally {
      vi.useRealTimers();
    }
  });
});

it('keeps nothing for a viewer that does not read, whatever the others take', async () => {
  const { monitor, url, watch } = await start();
  const many = Array.from({ length: 1_000 }, (_, i) => seriesPoints({ series: `series ${i}` }));
  const step = (i: number): void => {
    monitor.board.add(
      many.map((points) => ({ ...points, issuedMs: points.issuedMs + i * 60_000 })),
    );
  };
  step(0);
  const { hostname, port } = new URL(url);
  const stuck = connect(Number(port), hostname);
  stuck.pause();
  stuck.write(`GET /api/live?view=list&limit=1000 HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
  const { events } = await watch('view=list&limit=1000');
  expect((await next(events))!.event).toBe('hello');
  await next(events);
  for (let i = 1; i < 5; i++) {
    step(i);
    expect(JSON.stringify(await next(events)).length).toBeGreaterThan(200_000);
  }
  stuck.destroy();
});
