/** One row of the list; its nodes stay while its numbers change. */
import type { NextForecast, SeriesSummary } from '../observe/monitor.ts';
import { h, refill, setAttributes, setText } from './dom.ts';
import {
  formatAge,
  formatFullTime,
  formatNumber,
  formatPercent,
  formatSigned,
  NONE,
} from './format.ts';
import { nowMs } from './health.ts';
import { Meter, Sparkline, stateMark } from './marks.ts';
import { seriesHash } from './route.ts';
import { ANOMALY_FROM, anomalyWords, coverageWords, isNarrow, skillWords } from './words.ts';

export class ListRow {
  readonly link: HTMLAnchorElement;
  readonly node: HTMLTableRowElement;
  readonly #state = cell('State');
  readonly #spark = new Sparkline();
  readonly #last = cell('Last value', 'number');
  readonly #next = cell('Next forecast', 'number next-cell');
  readonly #skill = cell('Skill', 'number');
  readonly #coverage = new Meter();
  readonly #coverageCell = cell('Coverage', 'number', this.#coverage.node);
  readonly #anomaly = new Meter();
  readonly #anomalyCell = cell('Anomaly', 'number', this.#anomaly.node);
  readonly #seen = h('time');
  #lastMs: number | null = null;

  constructor({ series, stream }: SeriesSummary) {
    this.link = h('a', { href: seriesHash(series) }, ...nameParts(series));
    this.node = h(
      'tr',
      {},
      h('th', { scope: 'row' }, this.link, h('span', { class: 'stream' }, stream)),
      this.#state,
      h('td', { class: 'spark-cell' }, this.#spark.node),
      ...[this.#last, this.#next, this.#skill, this.#coverageCell, this.#anomalyCell],
      cell('Last seen', 'number', this.#seen),
    );
  }

  show(summary: SeriesSummary): void {
    const { state, last, next, skill, coverage, nominal, anomaly, spark } = summary;
    this.node.dataset.kind = summary.kind;
    refill(this.#state, state, () => [stateMark(state)]);
    this.#spark.draw(spark, next);
    setText(this.#last, valueText(last, next));
    refill(this.#next, next, () => nextParts(next));
    setText(this.#skill, formatSigned(skill));
    setAttributes(this.#skill, { title: skillWords(skill), 'data-tone': tone(skill) });
    const narrow = isNarrow(coverage, nominal);
    this.#coverage.show(coverage, formatPercent(coverage), narrow ? 'warn' : 'plain', nominal);
    setAttributes(this.#coverageCell, { title: coverageWords(coverage, nominal) });
    const odd = anomaly !== null && anomaly >= ANOMALY_FROM;
    this.#anomaly.show(anomaly, anomaly?.toFixed(2) ?? NONE, odd ? 'bad' : 'plain');
    setAttributes(this.#anomalyCell, { title: anomalyWords(anomaly) });
    this.#lastMs = summary.lastMs;
    this.showAge();
  }

  showAge(): void {
    const at = this.#lastMs;
    setText(this.#seen, at === null ? NONE : formatAge(at, nowMs()));
    if (at === null) return;
    setAttributes(this.#seen, { datetime: new Date(at).toISOString(), title: formatFullTime(at) });
  }
}

function cell(label: string, name = '', child?: Node): HTMLTableCellElement {
  // The label is shown where a row is a card, on small screens.
  return h('td', { class: name || null, 'data-label': label }, child);
}

/** The last part of a name tells series apart; what is before it says where. */
export function nameParts(series: string): Node[] {
  const cut = series.lastIndexOf('/') + 1;
  if (cut === 0 || cut === series.length) return [h('span', { class: 'name' }, series)];
  // Long names break behind a slash.
  const path = series.slice(0, cut).split(/(?<=\/)/);
  return [
    h('span', { class: 'path' }, ...path.flatMap((part) => [part, h('wbr')])),
    h('span', { class: 'name' }, series.slice(cut)),
  ];
}

export function valueText(value: number | string | null, next: NextForecast | null): string {
  return typeof value === 'string' ? value : formatNumber(value, fineOf(next));
}

/** A difference that counts beside the width of the interval. */
export function fineOf(next: { lower: number | null; upper: number | null } | null): number {
  if (!next || next.lower === null || next.upper === null) return 0;
  return (next.upper - next.lower) / 20;
}

function nextParts(next: NextForecast | null): Node[] {
  if (!next) return [h('span', {}, NONE)];
  return [h('span', {}, valueText(next.mean, next)), h('span', { class: 'fine' }, spanText(next))];
}

/** What goes with a forecast: its interval; of a symbol how likely it is. */
export function spanText(next: NextForecast): string {
  const { lower, upper, probability } = next;
  if (probability !== null) return `${formatPercent(probability)} likely`;
  if (lower === null || upper === null) return '';
  const fine = fineOf(next);
  return `${formatNumber(lower, fine)} … ${formatNumber(upper, fine)}`;
}

function tone(skill: number | null): string | null {
  if (skill === null || Math.abs(skill) < 0.005) return null;
  return skill > 0 ? 'good' : 'bad';
}
