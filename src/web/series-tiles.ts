/** A series at a glance: five figures, each with what it means. */
import type { SeriesSummary } from '../observe/monitor.ts';
import { h, setAttributes, setText } from './dom.ts';
import { formatFullTime, formatPercent, formatSigned, NONE } from './format.ts';
import { spanText, valueText } from './list-row.ts';
import { ANOMALY_FROM, anomalyWords, coverageWords, isNarrow, skillWords } from './words.ts';

const NAMES = ['Last value', 'Next forecast', 'Skill', 'Coverage', 'Anomaly'] as const;

export class SeriesTiles {
  readonly node = h('dl', { class: 'tiles' });
  readonly #figures = NAMES.map(() => h('dd', { class: 'figure' }));
  readonly #words = NAMES.map(() => h('dd', { class: 'fine' }));

  constructor() {
    NAMES.forEach((name, i) => {
      this.node.append(
        h('div', { class: 'tile' }, h('dt', {}, name), this.#figures[i], this.#words[i]),
      );
    });
  }

  show(summary: SeriesSummary): void {
    const { last, lastMs, next, skill, coverage, nominal, anomaly, kind } = summary;
    this.#set(
      0,
      valueText(last, next),
      lastMs === null ? 'None yet' : formatFullTime(lastMs).replace(/ \(.*/, ''),
    );
    this.#set(1, next ? valueText(next.mean, next) : NONE, next ? spanText(next) : 'None yet');
    this.#set(
      2,
      formatSigned(skill),
      skillWords(skill),
      skill === null ? null : skill > 0 ? 'good' : 'bad',
    );
    const narrow = isNarrow(coverage, nominal);
    const noInterval = kind === 'symbol' ? 'Symbols have probabilities instead' : null;
    this.#set(
      3,
      formatPercent(coverage, 1),
      noInterval ?? coverageWords(coverage, nominal),
      narrow ? 'warn' : null,
    );
    const odd = anomaly !== null && anomaly >= ANOMALY_FROM;
    this.#set(4, anomaly?.toFixed(2) ?? NONE, anomalyWords(anomaly), odd ? 'bad' : null);
  }

  #set(place: number, figure: string, words: string, tone: string | null = null): void {
    setText(this.#figures[place]!, figure);
    setText(this.#words[place]!, words);
    setAttributes(this.#figures[place]!, { 'data-tone': tone });
  }
}
