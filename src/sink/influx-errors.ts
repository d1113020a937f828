/** What an InfluxDB answers when it does not write, and what that means for the batch. */
import { ResultError } from 'influx';
import { SinkUnavailable } from './sink.ts';

/** A line of the request, from 0, that the database will not take, and why. */
export interface RefusedLine {
  readonly index: number;
  readonly reason: string;
}

/** The database answered that it will not take the request as it is. */
export class InfluxRefusal extends Error {
  override readonly name = 'InfluxRefusal';
  constructor(
    readonly status: number,
    /** In the database's words. */
    readonly reason: string,
    /** Those at fault, where the answer names them: all others are written. */
    readonly lines?: readonly RefusedLine[],
  ) {
    super(`${status}: ${reason}`);
  }

  /** There is no such database or bucket; it may be created. */
  get storeMissing(): boolean {
    return this.status === 404;
  }

  /** How many points of the request were dropped, where it was written but for those. */
  get dropped(): number | undefined {
    const dropped = PARTIAL_WRITE.exec(this.reason)?.[1];
    return dropped === undefined ? undefined : Number(dropped);
  }
}

/** Whom we asked, for messages. */
export interface Asked {
  readonly version: 1 | 2 | 3;
  /** Address. */
  readonly where: string;
  /** How we came: `for user "me"`, `with this token`. */
  readonly as: string;
}

/** 1.x says it as it is, 2.x with words before it. */
const PARTIAL_WRITE = /\bpartial write: .*dropped=(\d+)$/s;
const STORE_MISSING = /^database not found|^bucket .*not found/;
/** 3 has rules for names, and tells them at each request. */
const DATABASE_NAME = /\b(db|database|namespace) name\b/;
const REASON_CHARS_MAX = 300;
/** How the `influx` package words a status from 300 to 499. */
const REQUEST_ERROR = /^A (\d{3}) .*? error occurred: (.*)$/s;
const RETRY_AFTER_MS_MAX = 600_000;

/** What the `influx` package throws → as `answered` and `unanswered`. */
export function classify(error: unknown, asked: Asked): Error {
  if (error instanceof SinkUnavailable || error instanceof InfluxRefusal) return error;
  const { message = String(error), code = '' } = error as NodeJS.ErrnoException;
  const reply = REQUEST_ERROR.exec(message);
  if (error instanceof ResultError)
    return new SinkUnavailable(`${asked.where}: ${message}`, 'slow');
  if (error instanceof SyntaxError) return notJson(asked);
  return reply ? answered(Number(reply[1]), reply[2]!, asked) : unanswered(message, code, asked);
}

/** An answer that is no success → `InfluxRefusal` where the lines are at fault, else why it cannot be. */
export function answered(
  status: number,
  body: string,
  asked: Asked,
  retryAfter?: string | null,
): InfluxRefusal | SinkUnavailable {
  const { reason, lines } = read(body);
  const said = `${asked.where} answers ${status}: ${reason}`;
  // Core says "500: max request size exceeded"; an early 2.x said of a partial write that it was a 500.
  if (status >= 500 && /^max request size/.test(reason)) return new InfluxRefusal(413, reason);
  if (PARTIAL_WRITE.test(reason) || lines) return new InfluxRefusal(status, reason, lines);
  if (status === 403 && /retention period/.test(reason)) return new InfluxRefusal(status, reason);
  if (status === 401 || status === 403) return accessRefused(reason, asked);
  if (status === 422 && /new database|number of databases/.test(reason)) {
    return new SinkUnavailable(`${said}; write to a database that is there`, 'slow');
  }
  if (status === 400 && DATABASE_NAME.test(reason)) {
    return new SinkUnavailable(`${said}; check database in sinks.influx`, 'slow');
  }
  if (status === 400 || status === 413 || status === 422) return new InfluxRefusal(status, reason);
  if (status === 404 && STORE_MISSING.test(reason)) return new InfluxRefusal(status, reason);
  if (status === 429 || status === 503) {
    return new SinkUnavailable(`${asked.where} is busy: ${reason}`, 'normal', waitMs(retryAfter));
  }
  if (status >= 500) return new SinkUnavailable(said);
  const isOrg = status === 404 && /^organization/.test(reason);
  return new SinkUnavailable(
    `${said}; ${isOrg ? 'check org in sinks.influx' : isThat(asked)}`,
    'slow',
  );
}

/** No answer came. */
export function unanswered(message: string, code: string, { where }: Asked): SinkUnavailable {
  const known: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'nothing listens there',
    ECONNRESET: 'the connection broke off',
    UND_ERR_SOCKET: 'the connection broke off',
    ENOTFOUND: 'no such host',
    EAI_AGAIN: 'the name cannot be resolved now',
    EHOSTUNREACH: 'no route to the host',
    ETIMEDOUT: 'no answer in time',
    UND_ERR_CONNECT_TIMEOUT: 'no answer in time',
  };
  const reason = known[code] ? `${known[code]} (${code})` : message || code;
  return new SinkUnavailable(`${where}: ${reason}`);
}

export function notJson(asked: Asked): SinkUnavailable {
  return new SinkUnavailable(`${asked.where} does not answer in JSON; ${isThat(asked)}`, 'slow');
}

/**
 * A server of another generation than the configuration says. One that does not tell is taken as is.
 * @param told its `X-Influxdb-Version`: `1.6.7`, `v2.7.11`, `3.1.0`
 * @throws SinkUnavailable
 */
export function checkGeneration(told: string | undefined, { where, version }: Asked): void {
  const major = Number(/^v?(\d+)\./.exec(told ?? '')?.[1] ?? version);
  if (major === version || major === 0) return;
  const keys: Readonly<Record<number, string>> = {
    1: '1, with database, and username and password where it wants them',
    2: '2, with token, org and bucket',
    3: '3, with token and database',
  };
  const advice = `set sinks.influx.version: ${keys[major] ?? 'to that, where Foretide knows it'}`;
  const message = `${where} is InfluxDB ${told}, and version is ${version}; ${advice}`;
  throw new SinkUnavailable(message, 'slow');
}

function accessRefused(reason: string, { version, where, as }: Asked): SinkUnavailable {
  const keys = version === 1 ? 'username and password' : 'token';
  // 2 and 3 ask for a token, in these words, before they tell who they are.
  const isNewer =
    version === 1 && /^(unauthorized|the request was not authenticated)/i.test(reason);
  const other = isNewer ? '; where it is an InfluxDB 2 or 3, set sinks.influx.version' : '';
  const hint = `check ${keys} in sinks.influx${other}`;
  return new SinkUnavailable(`${where} refuses access ${as}: ${reason}; ${hint}`, 'slow');
}

function isThat({ version }: Asked): string {
  return version === 1 ? 'is that an InfluxDB 1.x?' : `is that an InfluxDB ${version}?`;
}

/** Seconds or a date → ms; undefined for anything else. */
function waitMs(retryAfter: string | null | undefined): number | undefined {
  if (!retryAfter) return undefined;
  const isSeconds = /^\d+$/.test(retryAfter);
  const ms = isSeconds ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), RETRY_AFTER_MS_MAX);
}

/** The `error` (1.x, 3) or `message` (2) of a JSON answer, else the answer itself. */
function read(body: string): { reason: string; lines?: RefusedLine[] } {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    // Not JSON, as from a proxy: the text itself is the reason.
  }
  if (typeof answer !== 'object' || answer === null) return { reason: cut(body.trim()) };
  const { error, message, data } = answer as { error?: unknown; message?: unknown; data?: unknown };
  const reason = cut(String(message ?? error ?? body).trim());
  const lines = Array.isArray(data) ? data.flatMap(refusedLine) : [];
  return lines.length > 0 ? { reason, lines } : { reason };
}

/** `{"original_line": …, "line_number": 2, "error_message": …}` of InfluxDB 3. */
function refusedLine(entry: unknown): RefusedLine[] {
  if (typeof entry !== 'object' || entry === null) return [];
  const { line_number: number, error_message: message } = entry as Record<string, unknown>;
  if (!Number.isInteger(number)) return [];
  return [{ index: Number(number) - 1, reason: cut(String(message)) }];
}

/** Reasons quote whole lines. */
function cut(reason: string): string {
  if (reason.length <= REASON_CHARS_MAX) return reason;
  return `${reason.slice(0, REASON_CHARS_MAX / 2)} … ${reason.slice(-REASON_CHARS_MAX / 2)}`;
}
