/** Whether InfluxDB is there, of which generation it is, and whether we may write: asked of itself. */

export interface DatabaseAccess {
  readonly url: string;
  readonly database: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

export type DatabaseCheck =
  /** absent: everything is right but that the database has yet to be created. */
  | { readonly state: 'ready' | 'absent'; readonly says: string }
  | { readonly state: 'unreachable' | 'refused' | 'other'; readonly says: string };

const TIMEOUT_MS = 5_000;
/** A line that is no point: whether we may write is told without writing anything. */
const NO_POINT = '# foretide init\n';

/** @returns version of what answers to a ping there; undefined: nothing does */
export async function pingInflux(url: string): Promise<string | undefined> {
  try {
    const { headers } = await ask({ url, database: '' }, 'GET', '/ping');
    return headers.get('x-influxdb-version') ?? undefined;
  } catch {
    return undefined;
  }
}

export async function checkDatabase(access: DatabaseAccess): Promise<DatabaseCheck> {
  const { url, database } = access;
  let version: string;
  try {
    const { headers } = await ask(access, 'GET', '/ping');
    const told = headers.get('x-influxdb-version');
    if (told === null) {
      const says = `${url} answers, but is no InfluxDB; give its address with --influx`;
      return { state: 'other', says };
    }
    version = told;
  } catch (error) {
    return { state: 'unreachable', says: `${url}: ${reasonOf(error)}` };
  }
  if (/^v?[2-9]/.test(version)) {
    return { state: 'other', says: `${url} is InfluxDB ${version}; init knows InfluxDB 1.x` };
  }
  const where = `${url} (InfluxDB ${version})`;
  const names = await databaseNames(access);
  if (!Array.isArray(names)) return { state: 'refused', says: refusal(where, names.error, access) };
  if (!names.includes(database)) {
    return { state: 'absent', says: `${where} has no database "${database}" yet` };
  }
  const fault = await writeFault(access);
  if (fault !== undefined) return { state: 'refused', says: refusal(where, fault, access) };
  return { state: 'ready', says: `${where}, database "${database}": may be written to` };
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
    return reasonOf(error);
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
    return { error: reasonOf(error), rows: [] };
  }
}

async function ask(
  { url, username, password }: DatabaseAccess,
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

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause && typeof cause === 'object' && 'code' in cause ? String(cause.code) : '';
  const known: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'nothing listens there',
    ENOTFOUND: 'no such host',
    EAI_AGAIN: 'the name cannot be resolved now',
    EHOSTUNREACH: 'no route to the host',
  };
  if (known[code]) return `${known[code]} (${code})`;
  if (error instanceof DOMException) return `no answer in ${TIMEOUT_MS / 1_000} s`;
  return code || String(error instanceof Error ? error.message : error);
}

/** What to do where there is no database. */
export const NO_DATABASE =
  'No InfluxDB at hand? sudo apt install influxdb, or docker run -p 8086:8086 influxdb:1.8';
