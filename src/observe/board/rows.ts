/** Which series of the board are shown, and in which order. */
import { type RowOrder, type RowQuery, SERIES_STATES } from '../monitor.ts';
import type { BoardSeries } from './board-series.ts';

/** The series that fit, in order; ties in order of first appearance. */
export function chosen(
  all: Iterable<BoardSeries>,
  { search, state, stream, sort, descending = false }: RowQuery,
  nowMs: number,
): BoardSeries[] {
  const words = (search ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = stream?.toLowerCase();
  const fitting: BoardSeries[] = [];
  for (const series of all) {
    if (!words.every((word) => series.folded.includes(word))) continue;
    if (wanted !== undefined && series.stream.toLowerCase() !== wanted) continue;
    if (state !== undefined && series.state(nowMs) !== state) continue;
    fitting.push(series);
  }
  return sort === undefined
    ? reversed(fitting, descending)
    : sorted(fitting, sort, descending, nowMs);
}

function reversed<T>(list: T[], descending: boolean): T[] {
  return descending ? list.reverse() : list;
}

/** Numbers, then names, then what is not known, whichever the direction. */
function sorted(
  list: readonly BoardSeries[],
  sort: RowOrder,
  descending: boolean,
  nowMs: number,
): BoardSeries[] {
  const keys = list.map((series) => keyOf(series, sort, nowMs));
  const places: [numbers: number[], names: number[], unknown: number[]] = [[], [], []];
  keys.forEach((key, place) => {
    places[typeof key === 'string' ? 1 : Number.isNaN(key) ? 2 : 0].push(place);
  });
  const sign = descending ? -1 : 1;
  for (const known of places.slice(0, 2)) {
    known.sort((a, b) => {
      const [keyA, keyB] = [keys[a]!, keys[b]!];
      return keyA < keyB ? -sign : keyA > keyB ? sign : a - b;
    });
  }
  return places.flat().map((place) => list[place]!);
}

/** NaN: not known. */
type Key = number | string;

function keyOf(series: BoardSeries, sort: RowOrder, nowMs: number): Key {
  switch (sort) {
    case 'series':
      return series.folded;
    case 'state':
      return SERIES_STATES.indexOf(series.state(nowMs));
    case 'last':
      return series.last() ?? Number.NaN;
    case 'coverage':
      return series.isSymbol ? Number.NaN : series.coverage;
    default:
      return series[sort];
  }
}
