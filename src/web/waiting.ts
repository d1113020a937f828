/** What a series waits for before it is forecast and judged. */
import type { SeriesDetail } from '../observe/http/api.ts';
import { formatCount, formatDuration } from './format.ts';

export interface Waiting {
  readonly head: string;
  readonly lines: readonly string[];
}

export function waitingFor({ summary, history, learned }: SeriesDetail): Waiting | null {
  if (summary.state !== 'learning') return null;
  const channel = learned?.channels.find(({ series }) => series === summary.series);
  const samples = channel?.samples.learned ?? history.actual.filter((v) => v !== null).length;
  const so = `${formatCount(samples)} ${samples === 1 ? 'sample has' : 'samples have'} been learned so far.`;
  const later = 'Its forecasts, intervals and record appear here by themselves.';
  if (history.everyMs === null) {
    return {
      head: 'Waiting for its rhythm',
      lines: [`How often a value comes is read from the first samples. ${so}`, later],
    };
  }
  const step = formatDuration(history.everyMs);
  if (history.future.targetMs.length === 0) {
    return {
      head: 'Waiting for the first forecast',
      lines: [
        `A step lasts ${step}. It takes some steps before anything can be told. ${so}`,
        later,
      ],
    };
  }
  return {
    head: 'Waiting for the first scores',
    lines: [
      `Forecasts are made, one each ${step}. A forecast is scored when the value that it was made for comes; it takes a number of these before the series is judged. ${so}`,
      later,
    ],
  };
}
