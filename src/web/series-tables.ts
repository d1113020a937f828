/** The chart's newest values and what is forecast, as tables. */
import type { SeriesHistory } from '../observe/monitor.ts';
import { h, scroller } from './dom.ts';
import { formatNumber, formatPercent, formatTime, NONE } from './format.ts';
import { leadLabel } from './learned-panel.ts';
import { Table } from './table.ts';
import { changeWords } from './words.ts';

const ROWS = 30;

export class SeriesTables {
  readonly node: HTMLDetailsElement;
  readonly #past = new Table('Newest values, the newest first', [
    { label: 'Time' },
    { label: 'Actual', number: true },
    { label: 'Forecast', number: true },
    { label: 'Interval', number: true },
    { label: 'Held' },
    { label: 'Anomaly', number: true },
    { label: 'Change' },
  ]);
  readonly #future = new Table('Forecast of the next steps', [
    { label: 'Time' },
    { label: 'Ahead' },
    { label: 'Forecast', number: true },
    { label: 'How sure', number: true },
  ]);
  #history: SeriesHistory | undefined;

  constructor() {
    this.node = h(
      'details',
      { class: 'card tables' },
      h('summary', {}, 'The same as tables'),
      h('h3', {}, 'What is forecast'),
      scroller('Forecast', this.#future.node),
      h('h3', {}, 'What came'),
      scroller('Newest values', this.#past.node),
    );
    this.node.addEventListener('toggle', () => this.#fill());
  }

  show(history: SeriesHistory): void {
    this.#history = history;
    this.#fill();
  }

  #fill(): void {
    if (!this.#history || !this.node.open) return;
    this.#past.show(pastRows(this.#history));
    this.#future.show(futureRows(this.#history));
  }
}

/** A number, or a symbol's name. */
export function shownValue(
  value: number | null | undefined,
  { symbols, future }: Pick<SeriesHistory, 'symbols' | 'future'>,
): string {
  if (value === null || value === undefined) return NONE;
  if (symbols) return symbols[value] ?? NONE;
  const [band] = future.bands;
  return formatNumber(value, band ? (band.upper[0]! - band.lower[0]!) / 20 : 0);
}

export function pastRows(history: SeriesHistory): string[][] {
  const { timeMs, actual, forecast, lower, upper, anomaly, changes } = history;
  const changed = new Map(changes.map(({ timeMs: at, kind }) => [at, changeWords(kind)]));
  const from = Math.max(0, timeMs.length - ROWS);
  const rows = timeMs.slice(from).map((ms, j) => {
    const i = from + j;
    const [low = null, high = null, value = null] = [lower[i], upper[i], actual[i]];
    const known = low !== null && high !== null;
    const held = known && value !== null ? (value >= low && value <= high ? 'yes' : 'no') : NONE;
    return [
      formatTime(ms),
      value === null ? 'gap' : shownValue(value, history),
      shownValue(forecast[i], history),
      known ? `${shownValue(low, history)} … ${shownValue(high, history)}` : NONE,
      held,
      anomaly[i]?.toFixed(2) ?? NONE,
      changed.get(ms) ?? '',
    ];
  });
  return rows.reverse();
}

export function futureRows(history: SeriesHistory): string[][] {
  const { future, everyMs } = history;
  return future.targetMs.map((ms, i) => {
    const share = future.probability?.[i]?.[future.mean[i] ?? -1];
    const bands = future.bands.map(({ coverage, lower, upper }) => {
      return `${formatPercent(coverage)}: ${shownValue(lower[i], history)} … ${shownValue(upper[i], history)}`;
    });
    const sure = share === undefined ? bands.join(' · ') || NONE : formatPercent(share);
    return [
      formatTime(ms),
      leadLabel(i + 1, everyMs ?? 0),
      shownValue(future.mean[i], history),
      sure,
    ];
  });
}
