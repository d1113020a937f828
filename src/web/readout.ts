/** The chart's key, with the values of the step that is pointed at; else of the newest. */
import type { SeriesHistory } from '../observe/monitor.ts';
import { h, refill, setText } from './dom.ts';
import { formatPercent, formatTime, NONE } from './format.ts';
import { shownValue } from './series-tables.ts';
import { changeWords } from './words.ts';

type Item = readonly [swatch: string, label: string, value: string];

export class Readout {
  readonly node = h('div', { class: 'readout' });
  readonly #time = h('span', { class: 'at' });
  readonly #items = h('ul');
  #history: SeriesHistory | undefined;
  #atMs: number | null = null;

  constructor() {
    this.node.append(this.#time, this.#items);
  }

  show(history: SeriesHistory): void {
    this.#history = history;
    this.point(this.#atMs);
  }

  /** @returns the same as a sentence */
  point(atMs: number | null): string {
    this.#atMs = atMs;
    const history = this.#history;
    if (!history) return '';
    const at = atMs ?? history.timeMs.at(-1) ?? 0;
    const items = itemsAt(history, at);
    setText(this.#time, formatTime(at));
    refill(this.#items, items, () =>
      items.map(([swatch, label, value]) =>
        h('li', {}, h('span', { class: `swatch ${swatch}` }), `${label} `, h('b', {}, value)),
      ),
    );
    return `${formatTime(at)}: ${items.map(([, label, value]) => `${label} ${value}`).join(', ')}`;
  }
}

function itemsAt(history: SeriesHistory, at: number): Item[] {
  const { timeMs, future, symbols } = history;
  const ahead = future.targetMs.indexOf(at);
  const i = timeMs.indexOf(at);
  if (i < 0 && ahead >= 0) return aheadItems(history, ahead);
  const items: Item[] = [
    ['actual', 'actual', shownValue(history.actual[i], history)],
    ['forecast', 'forecast', shownValue(history.forecast[i], history)],
  ];
  if (!symbols) {
    const [low = null, high = null] = [history.lower[i], history.upper[i]];
    const held =
      low === null || high === null
        ? NONE
        : `${shownValue(low, history)} … ${shownValue(high, history)}`;
    items.push(['band', 'interval', held]);
    items.push(['anomaly', 'anomaly', history.anomaly[i]?.toFixed(2) ?? NONE]);
  }
  const change = history.changes.find((one) => one.timeMs === at);
  if (change) items.push(['change', 'change', changeWords(change.kind)]);
  return items;
}

function aheadItems(history: SeriesHistory, i: number): Item[] {
  const { future } = history;
  const share = future.probability?.[i]?.[future.mean[i] ?? -1];
  return [
    ['ahead', 'forecast', shownValue(future.mean[i], history)],
    ...(share === undefined ? [] : [['band', 'likely', formatPercent(share)] as const]),
    ...future.bands.map(({ coverage, lower, upper }): Item => {
      const reach = `${shownValue(lower[i], history)} … ${shownValue(upper[i], history)}`;
      return ['band', formatPercent(coverage), reach];
    }),
  ];
}
