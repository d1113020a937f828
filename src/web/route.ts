/** What the address says is to be shown. Series names may hold slashes, and anything else. */
import type { RowOrder, SeriesState } from '../observe/monitor.ts';
import { STATE_ORDER } from './words.ts';

export interface ListChoice {
  readonly search: string;
  readonly state: SeriesState | null;
  readonly stream: string | null;
  readonly sort: RowOrder | null;
  readonly descending: boolean;
  /** From 0. */
  readonly page: number;
}

export type Route =
  | { readonly view: 'list'; readonly choice: ListChoice }
  | { readonly view: 'series'; readonly series: string; readonly lead: number | null }
  | { readonly view: 'pipeline' }
  | { readonly view: 'unknown' };

/** The same as ROW_ORDERS; the page takes types from the daemon, and no code. */
const ORDERS: Readonly<Record<RowOrder, true>> = {
  ...{ series: true, state: true, last: true, lastMs: true },
  ...{ skill: true, coverage: true, anomaly: true },
};

export function readRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#?\/?/, '').split(/\?(.*)/s);
  const asked = new URLSearchParams(query);
  if (path === '') return { view: 'list', choice: readChoice(asked) };
  if (path === 'pipeline') return { view: 'pipeline' };
  const name = /^series\/(.+)$/s.exec(path)?.[1];
  const series = name === undefined ? undefined : decoded(name);
  if (series === undefined) return { view: 'unknown' };
  const lead = Number(asked.get('lead'));
  return { view: 'series', series, lead: Number.isInteger(lead) && lead > 0 ? lead : null };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function readChoice(asked: URLSearchParams): ListChoice {
  const state = asked.get('state') as SeriesState;
  const sort = asked.get('sort') as RowOrder;
  const page = Math.floor(Number(asked.get('page')));
  return {
    search: asked.get('search') ?? '',
    state: STATE_ORDER.includes(state) ? state : null,
    stream: asked.get('stream'),
    sort: Object.hasOwn(ORDERS, sort) ? sort : null,
    descending: asked.get('descending') === 'true',
    page: page > 1 ? page - 1 : 0,
  };
}

export function listHash(choice: ListChoice): string {
  const asked = new URLSearchParams();
  if (choice.search) asked.set('search', choice.search);
  if (choice.state) asked.set('state', choice.state);
  if (choice.stream !== null) asked.set('stream', choice.stream);
  if (choice.sort) asked.set('sort', choice.sort);
  if (choice.descending) asked.set('descending', 'true');
  if (choice.page > 0) asked.set('page', String(choice.page + 1));
  return asked.size > 0 ? `#/?${asked}` : '#/';
}

export function seriesHash(series: string, lead: number | null = null): string {
  return `#/series/${encodeURIComponent(series)}${lead === null ? '' : `?lead=${lead}`}`;
}
