/**
 * Server-sent events. Viewers of the same thing share one computation a tick; each has one message
 * under way at most, and what it is too slow for is left out: the next is newer anyway. Who does not
 * take even that is dropped.
 */
import type { HttpBindings } from '@hono/node-server';
import type { SSEStreamingApi } from 'hono/streaming';
import type { Hello, View } from './api.ts';

export const VIEWERS_MAX = 64;
const TICK_MS = 1_000;
/** A proxy closes what is silent for a minute or less. */
const HEARTBEAT_MS = 15_000;
/** So long a message may be under way. */
const STUCK_MS_MAX = 20_000;
const HEARTBEAT = new TextEncoder().encode(': still here\n\n');

/** undefined: there is no such thing any more. */
export type Compute = () => Promise<string | undefined>;

interface Feed {
  readonly key: string;
  readonly view: View;
  readonly compute: Compute;
  readonly viewers: Set<Viewer>;
  text: string | undefined;
  message: Uint8Array;
  version: number;
  isBusy: boolean;
}

class Viewer {
  readonly #stream: SSEStreamingApi;
  readonly #drop: () => void;
  #seen = 0;
  #sentMs = performance.now();
  #isUnderWay = false;

  constructor(stream: SSEStreamingApi, drop: () => void) {
    this.#stream = stream;
    this.#drop = drop;
  }

  /** What is newest, where it is new to the viewer and the message before has gone. */
  show({ version, message }: Feed): void {
    const silentMs = performance.now() - this.#sentMs;
    if (this.#isUnderWay) {
      if (silentMs > STUCK_MS_MAX) this.#drop();
    } else if (this.#seen < version) {
      this.#seen = version;
      void this.send(message);
    } else if (silentMs > HEARTBEAT_MS) {
      void this.send(HEARTBEAT);
    }
  }

  async send(message: Uint8Array | string): Promise<void> {
    this.#isUnderWay = true;
    this.#sentMs = performance.now();
    await this.#stream.write(message);
    this.#isUnderWay = false;
  }

  end(): void {
    void this.#stream.close();
  }

  close(): void {
    this.#drop();
  }
}

export class LiveHub {
  readonly #hello: string;
  readonly #feeds = new Map<string, Feed>();
  readonly #viewers = new Set<Viewer>();
  #timer: NodeJS.Timeout | undefined;

  constructor(hello: Hello) {
    this.#hello = `retry: 2000\n${eventText('hello', JSON.stringify(hello))}`;
  }

  get isFull(): boolean {
    return this.#viewers.size >= VIEWERS_MAX;
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  /**
   * Resolves when the viewer has gone.
   * @param key the same for the same thing
   */
  async serve(
    stream: SSEStreamingApi,
    outgoing: HttpBindings['outgoing'],
    { key, view, compute }: Pick<Feed, 'key' | 'view' | 'compute'>,
  ): Promise<void> {
    const gone = new Promise<void>((resolve) => {
      outgoing.once('close', resolve);
      if (outgoing.destroyed) resolve();
    });
    const viewer = new Viewer(stream, () => outgoing.destroy());
    const feed = this.#feedOf(key, view, compute);
    this.#viewers.add(viewer);
    feed.viewers.add(viewer);
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref();
    await viewer.send(this.#hello);
    if (feed.text === undefined) void this.#update(feed);
    else viewer.show(feed);
    await gone;
    this.#viewers.delete(viewer);
    feed.viewers.delete(viewer);
    if (feed.viewers.size === 0) this.#feeds.delete(key);
    if (this.#viewers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  close(): void {
    for (const viewer of this.#viewers) viewer.close();
  }

  #feedOf(key: string, view: View, compute: Compute): Feed {
    const known = this.#feeds.get(key);
    if (known) return known;
    const message = new Uint8Array(0);
    const feed: Feed = {
      ...{ key, view, compute, viewers: new Set<Viewer>() },
      ...{ text: undefined, message, version: 0, isBusy: false },
    };
    this.#feeds.set(key, feed);
    return feed;
  }

  #tick(): void {
    for (const feed of this.#feeds.values()) void this.#update(feed);
  }

  async #update(feed: Feed): Promise<void> {
    if (feed.isBusy) return;
    feed.isBusy = true;
    // What goes wrong here goes wrong for a plain request too, and that can say it.
    const text = await feed.compute().catch(() => undefined);
    feed.isBusy = false;
    if (text === undefined) {
      for (const viewer of feed.viewers) viewer.end();
      return;
    }
    if (text !== feed.text) {
      feed.text = text;
      feed.message = new TextEncoder().encode(eventText(feed.view, text));
      feed.version++;
    }
    for (const viewer of feed.viewers) viewer.show(feed);
  }
}

function eventText(event: string, data: string): string {
  return `event: ${event}\ndata: ${data}\n\n`;
}
