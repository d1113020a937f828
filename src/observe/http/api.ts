/**
 * What the page asks for, and gets. Everything is JSON; names with `Ms` are ms since the epoch.
 *
 *   GET  /                        the page; /assets/… what it is made of
 *   GET  /api/series?…            Rows; the query as in ListQuery
 *   GET  /api/series/detail?…     SeriesDetail; DetailQuery; 404 where there is no such series
 *   GET  /api/pipeline            PipelineReport
 *   GET  /api/live?view=list|detail|pipeline&…   server-sent events: at once, and then about once a
 *                                 second where something has changed, one message of data as above,
 *                                 under the view's name; `event: hello` with Hello comes first
 *   GET  /healthz  /readyz        200 or 503, text
 *   GET  /metrics                 Prometheus
 *
 * With `http.token` all but /healthz and /readyz want `Authorization: Bearer …`, or the cookie that
 * `POST /login` (form field `token`) sets; the page shows a form for that, without scripts. Errors are
 * `{"error": "…"}` with a status of 400, 401, 404 or 503.
 */

import type { StreamAccounting } from '../accounting.ts';
import type { LearnedView } from '../learned-view.ts';
import type { PipelineStatus, RowQuery, Rows, SeriesHistory, SeriesSummary } from '../monitor.ts';

export type View = 'list' | 'detail' | 'pipeline';

/** As in the address: numbers and booleans as text, `descending=true`. */
export type ListQuery = { readonly [K in keyof RowQuery]?: string };

export interface DetailQuery {
  readonly series: string;
  /** Of past forecasts; default the first that is scored. */
  readonly lead?: string;
}

export type ListReport = Rows;

export interface SeriesDetail {
  readonly summary: SeriesSummary;
  readonly history: SeriesHistory;
  /** Experts, intervals, the network and its gradients; null until something is learned. */
  readonly learned: LearnedView | null;
}

export type PipelineReport = Omit<PipelineStatus, 'accounting'> & {
  readonly accounting: Readonly<Record<string, StreamAccounting>>;
};

/** A page that sees another instance than before loads itself anew where the version differs. */
export interface Hello {
  readonly instance: string;
  readonly version: string;
}
