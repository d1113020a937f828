/** Whether InfluxDB is there, of which generation it is, and whether we may write: asked of itself. */

import { sinks } from '../../config/schema-sink.ts';
import { createInfluxClient } from '../../sink/influx-client.ts';
import { InfluxRefusal, unanswered } from '../../sink/influx-errors.ts';
import { SinkUnavailable } from '../../sink/sink.ts';

export type Generation = 1 | 2 | 3;

export interface DatabaseAccess {
  readonly url: string;
  readonly version: Generation;
  /** Of version 2 the bucket. */
  readonly database: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Version 2. */
  readonly org?: string | undefined;
  /** Versions 2 and 3. */
  readonly token?: string | undefined;
}

export type DatabaseCheck =
  /** absent: everything is right but that the database has yet to be created. */
  | { readonly state: 'ready' | 'absent'; readonly says: string }
  | { readonly state: 'refused'; readonly says: string };

const TIMEOUT_MS = 5_000;
/** A line that is no point: whether we may write is told without writing anything. */
const NO_POINT = '# foretide init\n';

export type Ping =
  /** `version` as it tells; undefined: it does not. */
  | { readonly answers: true; readonly version: string | undefined }
  | { readonly answers: false; readonly says: string };

export async function pingInflux(url: string): Promise<Ping> {
  try {
    const { headers } = await ask({ url }, 'GET', '/ping');
    return { answers: true, version: headers.get('x-influxdb-version') ?? undefined };
  } catch (error) {
    return { answers: false, says: silenceOf(error, url) };
  }
}

/** `v2.7.1` → 2; undefined for what is no version. */
export function generationOf(version: string | undefined): Generation | undefined {
  const major = Number(/^v?([123])\./.exec(version ?? '')?.[1]);
  return major === 1 || major === 2 || major === 3 ? major : undefined;
}

/** @param told by the server, for the words */
export async function checkDatabase(
  access: DatabaseAccess,
  told: string | undefined,
): Promise<DatabaseCheck> {
  const { url, database, version } = access;
  const where = `${url} (InfluxDB ${told ?? version})`;
  if (version !== 1) return checkByToken(access, where);
  const names = await databaseNames(access);
  if (!Array.isArray(names)) return { state: 'refused', says: refusal(where, names.error, access) };
  if (!names.includes(database)) {
    return { state: 'absent', says: `${where} has no database "${database}" yet` };
  }
  const fault = await writeFault(access);
  if (fault !== undefined) return { state: 'refused', says: refusal(where, fault, access) };
  return { state: 'ready', says: `${where}, database "${database}": may be written to` };
}

/** As the sink asks: finds or creates the bucket, and sends no lines to see whether it may. */
async function checkByToken(access: DatabaseAccess, where: string): Promise<DatabaseCheck> {
  const { url, version, database, org, token } = access;
  const store = version === 2 ? { org, bucket: database } : { database };
  const config = sinks.parse({ influx: { url, version, token, ...store } }).influx!;
  const client = createInfluxClient(config);
  try {
    const notices = await client.prepare();
    await client.send('').catch((error: unknown) => {
      // That there are no lines is what it is told for.
      if (!(error instanceof InfluxRefusal)) throw error;
    });
    return {
      state: 'ready',
      says: [`${where}: "${database}" may be written to`, ...notices].join('; '),
    };
  } catch (error) {
    if (!(error instanceof SinkUnavailable)) throw error;
    return { state: 'refused', says: error.message };
  } finally {
    client.close();
  }
}

/** @returns what went wrong; undefined: it is there now, and may be written to */
export async function createDatabase(access: DatabaseAccess): Promise<string | undefined> {
  const name = access.database.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  const answer = await query(access, `CREATE DATABASE "${name}"`);
  return answer.error ?? (await writeFault(access));
}

async function writeFault(access: DatabaseAccess): Promise<string | undefined> {
  const path = `/write?db=${encodeURIComponent(access.database)}`;
  try {
    const { ok, status, text } = await ask(access, 'POST', path, NO_POINT);
    return ok ? undefined : errorIn(text, status);
  } catch (error) {
    return silenceOf(error, access.url);
  }
}

async function databaseNames(
  access: DatabaseAccess,
): Promise<string[] | { readonly error: string }> {
  const { error, rows } = await query(access, 'SHOW DATABASES');
  return error === undefined ? rows : { error };
}

interface Answer {
  readonly error?: string;
  readonly rows: string[];
}

async function query(access: DatabaseAccess, statement: string): Promise<Answer> {
  try {
    const body = new URLSearchParams({ q: statement });
    const { ok, status, text } = await ask(access, 'POST', '/query', body);
    if (!ok) return { error: errorIn(text, status), rows: [] };
    const { results = [] } = JSON.parse(text) as {
      results?: { error?: string; series?: { values?: unknown[][] }[] }[];
    };
    const error = results.find((result) => result.error !== undefined)?.error;
    const values = results.flatMap(({ series = [] }) => series.flatMap((s) => s.values ?? []));
    const rows = values.map(([name]) => String(name));
    return error === undefined ? { rows } : { error, rows };
  } catch (error) {
    return { error: silenceOf(error, access.url), rows: [] };
  }
}

async function ask(
  { url, username, password }: Pick<DatabaseAccess, 'url' | 'username' | 'password'>,
  method: 'GET' | 'POST',
  path: string,
  body?: string | URLSearchParams,
): Promise<{ ok: boolean; status: number; text: string; headers: Headers }> {
  const headers: Record<string, string> = {};
  if (username !== undefined) {
    const pair = Buffer.from(`${username}:${password ?? ''}`).toString('base64');
    headers.authorization = `Basic ${pair}`;
  }
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const address = `${url.replace(/\/+$/, '')}${path}`;
  const response = await fetch(address, { method, headers, signal, ...(body && { body }) });
  const { ok, status } = response;
  return { ok, status, text: await response.text(), headers: response.headers };
}

function refusal(where: string, error: string, { username, database }: DatabaseAccess): string {
  const isAccess = /auth|credential|401|403|not allowed|forbidden|requires/i.test(error);
  if (!isAccess) return `${where}: ${error}`;
  if (username === undefined) {
    return `${where} wants a user: ${error}; give --influx-username and --influx-password-file (or INFLUX_PASSWORD)`;
  }
  const grant = `GRANT ALL ON "${database}" TO "${username}"`;
  return `${where} refuses user "${username}": ${error}; check the password, or let an administrator run: ${grant}`;
}

function errorIn(text: string, status: number): string {
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    if (typeof error === 'string') return error;
  } catch {
    // Not JSON, as from a proxy.
  }
  return `answer ${status}`;
}

/** Why there was no answer, with the address. */
function silenceOf(error: unknown, where: string): string {
  const { name, message, cause } = error as Error & { cause?: NodeJS.ErrnoException };
  if (name === 'TimeoutError') return `${where}: no answer in ${TIMEOUT_MS / 1_000} s`;
  const asked = { version: 1, where, as: '' } as const;
  return unanswered(cause?.message || message, cause?.code ?? '', asked).message;
}

/** What to do where there is no database. */
export const NO_DATABASE =
  'No InfluxDB at hand? sudo apt install influxdb, or docker run -p 8086:8086 influxdb:1.8';
