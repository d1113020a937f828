/** Requests of InfluxDB 2 and 3: JSON and lines over kept connections, with a token. */
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { formatDuration } from '../config/duration.ts';
import { isLoopbackInUrl } from '../config/loopback.ts';
import type { InfluxSinkConfig } from '../config/schema.ts';
import { type Asked, checkGeneration, notJson, unanswered } from './influx-errors.ts';
import { SinkUnavailable } from './sink.ts';

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

export interface Question {
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: object;
  /** Sent as they are, packed where that pays. */
  readonly lines?: string;
}

/** Less than this is one packet or two anyway. */
const GZIP_BYTES_MIN = 4_096;
const compress = promisify(gzip);

export class InfluxHttp {
  readonly asked: Asked;
  readonly #base: string;
  readonly #timeoutMs: number;
  readonly #authorization: string | undefined;
  readonly #packs: boolean;
  readonly #closing = new AbortController();

  /**
   * @param scheme of the `Authorization` header
   * @param store what is written to, behind the address: `org/bucket`
   */
  constructor(config: InfluxSinkConfig, scheme: 'Token' | 'Bearer', store: string) {
    const { token, version, timeout, gzip: packs } = config;
    const url = new URL(config.url);
    this.#base = `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
    const as = token === undefined ? 'without a token' : 'with this token';
    this.asked = { version, where: `${this.#base}/${store}`, as };
    this.#authorization = token === undefined ? undefined : `${scheme} ${token}`;
    this.#timeoutMs = timeout;
    // On one machine the bytes cost nothing, and packing them does.
    this.#packs = packs ?? !isLoopbackInUrl(url.hostname);
  }

  /** Any answer, whatever its status. @throws SinkUnavailable where there is none */
  async ask(method: 'GET' | 'POST', path: string, question: Question = {}): Promise<Answer> {
    const query = new URLSearchParams(question.query);
    const headers = new Headers();
    if (this.#authorization) headers.set('authorization', this.#authorization);
    const body = await this.#body(question, headers);
    try {
      const response = await fetch(`${this.#base}${path}${query.size > 0 ? `?${query}` : ''}`, {
        method,
        headers,
        // A redirected POST would lose its body without a word.
        redirect: 'manual',
        ...(body === undefined ? {} : { body }),
        signal: AbortSignal.any([AbortSignal.timeout(this.#timeoutMs), this.#closing.signal]),
      });
      return { status: response.status, text: await response.text(), headers: response.headers };
    } catch (error) {
      throw this.#unanswered(error);
    }
  }

  /** What the server calls its version; undefined where it does not tell. Another generation throws. */
  async version(): Promise<string | undefined> {
    const { headers } = await this.ask('GET', '/ping');
    const told = headers.get('x-influxdb-version') ?? undefined;
    checkGeneration(told, this.asked);
    return told;
  }

  /** The JSON of an answer. @throws SinkUnavailable where it is none */
  json(answer: Answer): Record<string, unknown> {
    try {
      const value: unknown = JSON.parse(answer.text);
      if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
    } catch {
      // Said below.
    }
    throw notJson(this.asked);
  }

  close(): void {
    this.#closing.abort();
  }

  async #body(
    { json, lines }: Question,
    headers: Headers,
  ): Promise<string | Uint8Array<ArrayBuffer> | undefined> {
    if (json) {
      headers.set('content-type', 'application/json');
      return JSON.stringify(json);
    }
    if (lines === undefined) return undefined;
    headers.set('content-type', 'text/plain; charset=utf-8');
    if (!this.#packs || lines.length < GZIP_BYTES_MIN) return lines;
    headers.set('content-encoding', 'gzip');
    // The best level takes four times as long for another twentieth of the size.
    return new Uint8Array(await compress(lines, { level: constants.Z_BEST_SPEED }));
  }

  #unanswered(error: unknown): SinkUnavailable {
    const { name, message, cause } = error as Error & { cause?: NodeJS.ErrnoException };
    if (name === 'TimeoutError') {
      const wait = formatDuration(this.#timeoutMs);
      return new SinkUnavailable(`${this.asked.where}: no answer in ${wait}`);
    }
    return unanswered(cause?.message || message, cause?.code ?? '', this.asked);
  }
}
