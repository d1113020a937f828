/**
 * One view's data as they change. The stream is opened anew whenever it ends, after a plain request
 * has told how things are: the daemon may be away, ask for a token, or know no such series.
 */
import type { Hello, View } from '../observe/http/api.ts';

const RETRY_MS = 500;
const RETRY_MS_MAX = 5_000;
const ANSWER_MS_MAX = 8_000;

export type Link = 'connecting' | 'live' | 'away' | 'locked';

export interface LiveOptions<T> {
  readonly view: View;
  readonly query: Readonly<Record<string, string | null>>;
  readonly data: (data: T) => void;
  /** What the daemon says against it, e.g. that there is no such series. */
  readonly refused: (message: string) => void;
}

// Without a / before them: a proxy may have put the daemon below another path.
const PLAIN: Readonly<Record<View, string>> = {
  list: 'api/series',
  detail: 'api/series/detail',
  pipeline: 'api/pipeline',
};

let link: Link = 'connecting';
const watchers = new Set<(link: Link) => void>();

/** Tells at once, and whenever it changes. */
export function watchLink(watcher: (link: Link) => void): void {
  watchers.add(watcher);
  watcher(link);
}

function setLink(next: Link): void {
  if (next === link) return;
  link = next;
  for (const watcher of watchers) watcher(next);
}

const open = new Set<{ revive(): void }>();

export class LiveView<T> {
  readonly #options: LiveOptions<T>;
  #source: EventSource | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #delayMs = RETRY_MS;
  #closed = false;

  constructor(options: LiveOptions<T>) {
    this.#options = options;
    document.addEventListener('visibilitychange', this.#onVisible);
    addEventListener('online', this.#onOnline);
    open.add(this);
    this.#open();
  }

  /** A stream may have died without a word, as when the machine slept. */
  revive(): void {
    if (this.#source) this.#open();
  }

  close(): void {
    this.#closed = true;
    open.delete(this);
    this.#stop();
    document.removeEventListener('visibilitychange', this.#onVisible);
    removeEventListener('online', this.#onOnline);
  }

  #open(): void {
    this.#stop();
    const source = new EventSource(`api/live?${this.#search(true)}`);
    this.#source = source;
    source.addEventListener('hello', (event) => greet(JSON.parse(event.data) as Hello));
    source.addEventListener(this.#options.view, (event) => {
      this.#delayMs = RETRY_MS;
      setLink('live');
      this.#options.data(JSON.parse(event.data) as T);
    });
    source.addEventListener('error', () => void this.#ask());
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = undefined;
  }

  async #ask(): Promise<void> {
    this.#stop();
    const answer = await ask<T>(`${PLAIN[this.#options.view]}?${this.#search(false)}`);
    if (this.#closed || this.#source) return;
    if ('data' in answer) {
      this.#options.data(answer.data);
      // Where streams alone fail, this still shows something new now and then.
      this.#again(() => this.#open());
    } else {
      if (answer.refused !== undefined) {
        // It will not change its mind soon.
        this.#delayMs = RETRY_MS_MAX;
        this.#options.refused(answer.refused);
        if (this.#closed) return;
      }
      this.#again(() => void this.#ask());
    }
  }

  #again(go: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(go, this.#delayMs);
    this.#delayMs = Math.min(RETRY_MS_MAX, this.#delayMs * 1.6);
  }

  #search(live: boolean): string {
    const { query, view } = this.#options;
    const given = Object.entries(query).filter(([, value]) => value !== null && value !== '');
    return new URLSearchParams([
      ...(live ? [['view', view]] : []),
      ...(given as [string, string][]),
    ] as string[][]).toString();
  }

  /** Nobody looks: nothing need be sent. */
  readonly #onVisible = (): void => {
    if (document.hidden) this.#stop();
    else this.#open();
  };

  readonly #onOnline = (): void => {
    if (!document.hidden) this.#open();
  };
}

type Answer<T> = { readonly data: T } | { readonly refused: string | undefined };

/** A plain request; says by the link what became of it. */
export async function ask<T>(url: string): Promise<Answer<T>> {
  try {
    const signal = AbortSignal.timeout(ANSWER_MS_MAX);
    const response = await fetch(url, { signal, headers: { accept: 'application/json' } });
    if (response.status === 401) {
      setLink('locked');
      return { refused: undefined };
    }
    if (response.ok) {
      const data = (await response.json()) as T;
      if (link === 'away') for (const view of open) view.revive();
      return { data };
    }
    const { error } = (await response.json().catch(() => ({}))) as { error?: string };
    setLink(response.status === 503 ? 'away' : 'live');
    return { refused: error ?? `The daemon answers ${response.status}.` };
  } catch {
    setLink('away');
    return { refused: undefined };
  }
}

let first: Hello | undefined;

/** Another version has another page. */
function greet(hello: Hello): void {
  first ??= hello;
  if (hello.instance !== first.instance && hello.version !== first.version) location.reload();
}
