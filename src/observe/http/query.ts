/** What stands behind the ? of an address, checked; see api.ts. */
import { ROW_ORDERS, type RowQuery, SERIES_STATES } from '../monitor.ts';
import type { DetailQuery, ListQuery, View } from './api.ts';

/** Rows in one answer at most: more than anybody reads, and 1 MB of JSON. */
export const ROWS_MAX = 1_000;
const VIEWS = ['list', 'detail', 'pipeline'] as const satisfies readonly View[];
const LIST_KEYS = [
  'search',
  'state',
  'stream',
  'sort',
  'descending',
  'offset',
  'limit',
] as const satisfies readonly (keyof ListQuery)[];
const DETAIL_KEYS = ['series', 'lead'] as const satisfies readonly (keyof DetailQuery)[];

/** What the asker can mend: a status of 400. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
}

/** @throws QueryError */
export function listQuery(given: URLSearchParams): RowQuery {
  const query = known(given, LIST_KEYS);
  return {
    ...pick('search', query.search),
    ...pick('stream', query.stream),
    ...pick('state', query.state && oneOf('state', query.state, SERIES_STATES)),
    ...pick('sort', query.sort && oneOf('sort', query.sort, ROW_ORDERS)),
    ...pick('descending', query.descending && oneOf('descending', query.descending, BOOLEANS)),
    ...pick('offset', query.offset && whole('offset', query.offset, 0, Number.MAX_SAFE_INTEGER)),
    ...pick('limit', query.limit && whole('limit', query.limit, 1, ROWS_MAX)),
  } as RowQuery;
}

/** @throws QueryError */
export function detailQuery(given: URLSearchParams): { series: string; lead: number | undefined } {
  const { series, lead } = known(given, DETAIL_KEYS);
  if (!series) throw new QueryError('series is missing; name one, as in series=boiler/temperature');
  return { series, lead: lead ? whole('lead', lead, 1, 1_000) : undefined };
}

/** @throws QueryError */
export function pipelineQuery(given: URLSearchParams): void {
  known(given, []);
}

/** @throws QueryError */
export function liveQuery(given: URLSearchParams): { view: View; rest: URLSearchParams } {
  const rest = new URLSearchParams(given);
  const view = oneOf('view', rest.get('view') ?? '', VIEWS);
  rest.delete('view');
  return { view, rest };
}

const BOOLEANS = ['true', 'false'] as const;

/** Nothing but these, and each once. An empty value is none. */
function known<K extends string>(
  given: URLSearchParams,
  keys: readonly K[],
): { readonly [key in K]?: string } {
  const query: Record<string, string> = {};
  for (const [key, value] of given) {
    if (!(keys as readonly string[]).includes(key)) {
      const rather = keys.length > 0 ? `; write ${keys.join(', ')}` : '; nothing can be asked here';
      throw new QueryError(`${shown(key)} is not known${rather}`);
    }
    if (key in query) throw new QueryError(`${key} is given twice; give it once`);
    if (value !== '') query[key] = value;
  }
  return query as { readonly [key in K]?: string };
}

function pick(key: string, value: unknown): object {
  if (value === undefined) return {};
  return { [key]: key === 'descending' ? value === 'true' : value };
}

function oneOf<T extends string>(key: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) {
    throw new QueryError(`${key}: ${shown(value)} is not allowed; write ${allowed.join(', ')}`);
  }
  return found;
}

function whole(key: string, value: string, least: number, most: number): number {
  const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= least && number <= most) return number;
  const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
  throw new QueryError(`${key}: ${shown(value)} is not allowed; write a whole number, ${range}`);
}

function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);
}
