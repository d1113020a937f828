/**
 * Server-sent events. Viewers of the same thing share one computation a tick; each has one message
 * under way at most, and what it is too slow for is left out: the next is newer anyway. Who does not
 * take even that is dropped.
 */
import type { Hello, View } from './api.ts';

export const VIEWERS_MAX = 64;
/** A proxy closes what is silent for a minute or less. */
const TIMES: LiveTimes = { tickMs: 1_000, heartbeatMs: 15_000, stuckMs: 20_000 };
const HEARTBEAT = new TextEncoder().encode(': still here\n\n');

/** The way to a viewer. `write` resolves when the other side can take more. */
export interface EventStream {
  write(message: Uint8Array | string): Promise<unknown>;
  close(): Promise<void>;
}

/** What it goes by, and where that ends. */
export interface Connection {
  once(event: 'close', listener: () => void): unknown;
  destroy(): unknown;
  readonly destroyed: boolean;
}

export interface LiveTimes {
  readonly tickMs: number;
  readonly heartbeatMs: number;
  /** So long a message may be under way. */
  readonly stuckMs: number;
}

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
  readonly #stream: EventStream;
  readonly #drop: () => void;
  readonly #times: LiveTimes;
  #seen = 0;
  #sentMs = performance.now();
  #isUnderWay = false;

  constructor(stream: EventStream, drop: () => void, times: LiveTimes) {
    this.#stream = stream;
    this.#drop = drop;
    this.#times = times;
  }

  /** What is newest, where it is new to the viewer and the message before has gone. */
  show({ version, message }: Feed): void {
    const silentMs = performance.now() - this.#sentMs;
    if (this.#isUnderWay) {
      if (silentMs > this.#times.stuckMs) this.#drop();
    } else if (this.#seen < version) {
      this.#seen = version;
      void this.send(message);
    } else if (silentMs > this.#times.heartbeatMs) {
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
}

export class LiveHub {
  readonly #hello: string;
  readonly #times: LiveTimes;
  readonly #feeds = new Map<string, Feed>();
  readonly #viewers = new Set<Viewer>();
  #timer: NodeJS.Timeout | undefined;

  constructor(hello: Hello, times: LiveTimes = TIMES) {
    this.#times = times;
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
    stream: EventStream,
    connection: Connection,
    { key, view, compute }: Pick<Feed, 'key' | 'view' | 'compute'>,
  ): Promise<void> {
    const gone = new Promise<void>((resolve) => {
      connection.once('close', resolve);
      if (connection.destroyed) resolve();
    });
    const viewer = new Viewer(stream, () => connection.destroy(), this.#times);
    const feed = this.#feedOf(key, view, compute);
    this.#viewers.add(viewer);
    feed.viewers.add(viewer);
    this.#timer ??= setInterval(() => this.#tick(), this.#times.tickMs).unref();
    void viewer.send(this.#hello).then(() => {
      if (feed.text === undefined) void this.#update(feed);
      else viewer.show(feed);
    });
    await gone;
    this.#viewers.delete(viewer);
    feed.viewers.delete(viewer);
    if (feed.viewers.size === 0) this.#feeds.delete(key);
    if (this.#viewers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Ends all streams. */
  close(): void {
    for (const viewer of this.#viewers) viewer.end();
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
