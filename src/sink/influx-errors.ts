/** What the `influx` package throws, and what that means for the batch. */
import { ResultError } from 'influx';
import { SinkUnavailable } from './sink.ts';

/** The database answered that it will not take the request as it is. */
export class InfluxRefusal extends Error {
  override readonly name = 'InfluxRefusal';
  constructor(
    readonly status: number,
    /** In the database's words. */
    readonly reason: string,
  ) {
    super(`${status}: ${reason}`);
  }

  get databaseMissing(): boolean {
    return this.status === 404 && /database not found/.test(this.reason);
  }

  /** How many points of the request were dropped, where it was written but for those. */
  get dropped(): number | undefined {
    const dropped = /^partial write: .*dropped=(\d+)$/s.exec(this.reason)?.[1];
    return dropped === undefined ? undefined : Number(dropped);
  }
}

const HINT = 'is that an InfluxDB 1.x?';
const REASON_CHARS_MAX = 300;
/** How the package words a status from 300 to 499. */
const REQUEST_ERROR = /^A (\d{3}) .*? error occurred: (.*)$/s;

/**
 * The package's error → `InfluxRefusal` where the request was at fault, else `SinkUnavailable`.
 * @param where address, for the message
 * @param user who we are, for the message; undefined without credentials
 */
export function classify(error: unknown, where: string, user?: string): Error {
  if (error instanceof SinkUnavailable || error instanceof InfluxRefusal) return error;
  const { message = String(error), code = '' } = error as NodeJS.ErrnoException;
  const answered = REQUEST_ERROR.exec(message);
  if (error instanceof ResultError) return new SinkUnavailable(`${where}: ${message}`, 'slow');
  if (error instanceof SyntaxError) {
    return new SinkUnavailable(`${where} does not answer in JSON; ${HINT}`, 'slow');
  }
  if (!answered) return unanswered(where, message, code);
  const status = Number(answered[1]);
  const reason = serverReason(answered[2]!);
  if (status === 401 || status === 403) {
    const who = user === undefined ? 'without credentials' : `for user "${user}"`;
    const hint = 'check username and password in sinks.influx';
    return new SinkUnavailable(`${where} refuses access ${who}: ${reason}; ${hint}`, 'slow');
  }
  const refusal = new InfluxRefusal(status, reason);
  if (status === 400 || status === 413 || refusal.databaseMissing) return refusal;
  if (status === 429) return new SinkUnavailable(`${where} is busy: ${reason}`);
  return new SinkUnavailable(`${where} answers ${status}: ${reason}; ${HINT}`, 'slow');
}

function unanswered(where: string, message: string, code: string): SinkUnavailable {
  const known: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'nothing listens there',
    ECONNRESET: 'the connection broke off',
    ENOTFOUND: 'no such host',
    EAI_AGAIN: 'the name cannot be resolved now',
    EHOSTUNREACH: 'no route to the host',
    ETIMEDOUT: 'no answer in time',
  };
  const reason = known[code] ? `${known[code]} (${code})` : message || code;
  return new SinkUnavailable(`${where}: ${reason}`);
}

/** The `error` of a JSON answer, else the answer itself; cut, since it quotes whole lines. */
function serverReason(body: string): string {
  let reason = body.trim();
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null && 'error' in parsed) {
      reason = String(parsed.error).trim();
    }
  } catch {
    // Not JSON, as from a proxy: the text itself is the reason.
  }
  if (reason.length <= REASON_CHARS_MAX) return reason;
  return `${reason.slice(0, REASON_CHARS_MAX / 2)} … ${reason.slice(-REASON_CHARS_MAX / 2)}`;
}
