/**
 * How the series of each stream fare, in a few numbers: a time series of Prometheus for each of ours
 * would be ten thousand, and the page shows those.
 */
import { SERIES_STATES, type SeriesBoardView, type SeriesState } from '../monitor.ts';

/** Which of the series, put in order by the number: the tenth part, the middle, the nine tenths. */
export const PERCENTILES = [10, 50, 90] as const;
export type Percentiles = Readonly<Record<(typeof PERCENTILES)[number], number>>;

export interface StreamSpread {
  readonly states: Readonly<Record<SeriesState, number>>;
  /** null: no series has one yet. */
  readonly skill: Percentiles | null;
  readonly coverage: Percentiles | null;
  /** What the intervals should hold; the same for all series of a stream. */
  readonly nominal: number | null;
}

/** Rows that are read without a pause: a millisecond or two. */
const PAGE_ROWS = 200;

interface Gathered {
  readonly states: Record<SeriesState, number>;
  readonly skill: number[];
  readonly coverage: number[];
  nominal: number | null;
}

/** By stream; those named have an entry even without series. Lets other work go on in between. */
export async function seriesSpreads(
  board: SeriesBoardView,
  streams: Iterable<string>,
): Promise<Map<string, StreamSpread>> {
  const gathered = new Map<string, Gathered>();
  for (const stream of streams) gathered.set(stream, nothing());
  for (let offset = 0; ; offset += PAGE_ROWS) {
    const { rows, matched } = board.rows({ offset, limit: PAGE_ROWS });
    for (const { stream, state, skill, coverage, nominal } of rows) {
      const of = gathered.get(stream) ?? nothing();
      gathered.set(stream, of);
      of.states[state]++;
      if (skill !== null) of.skill.push(skill);
      if (coverage !== null) of.coverage.push(coverage);
      of.nominal ??= nominal;
    }
    if (rows.length === 0 || offset + rows.length >= matched) break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return new Map(
    Array.from(gathered, ([stream, { states, skill, coverage, nominal }]) => [
      stream,
      { states, skill: percentiles(skill), coverage: percentiles(coverage), nominal },
    ]),
  );
}

/** By nearest rank, so each is the number of a series that there is; null of nothing. */
export function percentiles(values: readonly number[]): Percentiles | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const at = (percent: number): number => sorted[Math.ceil((percent / 100) * sorted.length) - 1]!;
  return { 10: at(10), 50: at(50), 90: at(90) };
}

function nothing(): Gathered {
  const states = Object.fromEntries(SERIES_STATES.map((state) => [state, 0]));
  return { states: states as Gathered['states'], skill: [], coverage: [], nominal: null };
}
