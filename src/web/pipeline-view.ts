/** The daemon itself: what comes, what goes, what became of it, and what is wrong. */
import type { PipelineReport } from '../observe/http/api.ts';
import { accountCells, accountColumns } from './accounting.ts';
import { h, refill, scroller, setText } from './dom.ts';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatFullTime,
  formatPercent,
  formatRate,
} from './format.ts';
import { takeReport } from './health.ts';
import { LiveView } from './live.ts';
import { Meter, stateMark } from './marks.ts';
import { sinkParts, sourceParts } from './pipeline-cards.ts';
import { RateChart } from './rate-chart.ts';
import { listHash } from './route.ts';
import { Table } from './table.ts';
import { missing, troubles } from './trouble.ts';
import type { MountedView } from './view.ts';
import { STATE_ORDER } from './words.ts';

export class PipelineView implements MountedView {
  readonly title = 'Pipeline';
  readonly heading = h('h1', { tabindex: -1 }, 'Pipeline');
  readonly node: HTMLElement;
  readonly #live: LiveView<PipelineReport>;
  readonly #about = h('p', { class: 'count' }, 'Waiting for the daemon …');
  readonly #verdict = h('section', { class: 'card health' });
  readonly #rates = [
    new RateChart('Received', 'samples a second', ({ rates }) => rates.receivedPerSecond),
    new RateChart('Learned', 'samples a second', ({ rates }) => rates.learnedPerSecond),
    new RateChart('Written', 'points a second', ({ rates }) => rates.writtenPerSecond),
    new RateChart(
      'Latency p99',
      'ms, message to points',
      ({ latencyMs }) => latencyMs?.p99 ?? null,
    ),
  ];
  readonly #tiles = h('dl', { class: 'tiles' });
  readonly #ends = h('div', { class: 'panels' });
  readonly #states = h('ul', { class: 'states' });
  readonly #accounts = new Table('Samples of each stream', accountColumns, 'accounts');
  readonly #journal = h('div');
  readonly #fullness = new Meter();

  constructor() {
    const account = h(
      'section',
      { class: 'card' },
      h('h2', {}, 'What became of every sample'),
      h(
        'p',
        { class: 'about' },
        'Each number is counted where it happens. Received has to be the sum of the others.',
      ),
      scroller('Samples of each stream', this.#accounts.node),
    );
    const series = h('section', { class: 'card' }, h('h2', {}, 'Series'), this.#states);
    const journal = h('section', { class: 'card' }, h('h2', {}, 'On disk'), this.#journal);
    const rates = h(
      'section',
      { class: 'card' },
      h('h2', {}, 'Over the last minutes'),
      h('div', { class: 'rates' }, ...this.#rates.map(({ node }) => node)),
    );
    this.node = h(
      'div',
      {},
      h('div', { class: 'head' }, this.heading, this.#about),
      ...[this.#verdict, this.#tiles, rates],
      this.#ends,
      h('div', { class: 'panels' }, series, journal),
      account,
    );
    this.#live = new LiveView<PipelineReport>({
      view: 'pipeline',
      query: {},
      data: (report) => this.#show(report),
      refused: (message) => setText(this.#about, message),
    });
  }

  close(): void {
    this.#live.close();
    for (const chart of this.#rates) chart.close();
  }

  #show(report: PipelineReport): void {
    takeReport(report);
    const { nowMs, startedMs, source, sinks, version } = report;
    setText(this.#about, `Version ${version}, up for ${formatDuration(nowMs - startedMs)}`);
    this.#about.title = `Since ${formatFullTime(startedMs)}`;
    this.#showVerdict(report);
    for (const chart of this.#rates) chart.show(report);
    this.#showTiles(report);
    refill(this.#ends, [source, sinks], () =>
      [sourceParts(source), ...sinks.map(sinkParts)].map((parts) =>
        h('section', { class: 'card' }, ...parts),
      ),
    );
    this.#showSeries(report);
    this.#showJournal(report);
    this.#showAccounts(report);
  }

  #showVerdict(report: PipelineReport): void {
    const found = troubles(report);
    const worst = found.some(({ tone }) => tone === 'bad') ? 'bad' : 'warn';
    this.#verdict.dataset.tone = found.length === 0 ? 'good' : worst;
    refill(this.#verdict, found, () => {
      if (found.length === 0)
        return [
          h('h2', {}, 'All is well'),
          h('p', {}, 'Messages come, everything is learned, and what is forecast is written.'),
        ];
      const items = found.map(({ text, tone }) => h('li', { 'data-tone': tone }, text));
      return [h('h2', {}, `${found.length} to look at`), h('ul', {}, ...items)];
    });
  }

  #showTiles({ latencyMs, eventLoopMs, residentBytes, thinFactor, rates }: PipelineReport): void {
    const ms = (value: number): string => `${formatRate(value)} ms`;
    const tiles = [
      ['Received', `${formatRate(rates.receivedPerSecond)} /s`, 'samples, over ten seconds'],
      [
        'Latency',
        latencyMs ? ms(latencyMs.p50) : '–',
        latencyMs
          ? `p99 ${ms(latencyMs.p99)}, message to points`
          : 'Nothing came in the last minute',
      ],
      ['Event loop', ms(eventLoopMs.p50), `p99 ${ms(eventLoopMs.p99)} of delay`],
      ['Memory', formatBytes(residentBytes), 'resident'],
      [
        'Learning',
        thinFactor > 1 ? `1 in ${formatCount(thinFactor)}` : 'Every update',
        thinFactor > 1 ? 'Thinned out: overload' : 'No overload',
      ],
    ];
    refill(this.#tiles, tiles, () =>
      tiles.map(([name, figure, words]) =>
        h(
          'div',
          { class: 'tile' },
          h('dt', {}, name),
          h('dd', { class: 'figure' }, figure),
          h('dd', { class: 'fine' }, words),
        ),
      ),
    );
  }

  #showSeries({ series }: PipelineReport): void {
    const none = { search: '', stream: null, sort: null, descending: false, page: 0 };
    refill(this.#states, series, () =>
      STATE_ORDER.map((state) => {
        const link = h('a', { href: listHash({ ...none, state }) }, stateMark(state));
        return h('li', {}, link, h('span', { class: 'figure' }, formatCount(series[state])));
      }),
    );
  }

  #showJournal({ state }: PipelineReport): void {
    refill(this.#journal, state, () => {
      if (!state)
        return [
          h(
            'p',
            { class: 'about' },
            'Nothing is kept: after a restart all series begin anew. `state.dir` in the configuration changes that.',
          ),
        ];
      const { dir, journalFullness, journalEntries, unsavedSeries, recoveringSeries } = state;
      const full = formatPercent(journalFullness);
      this.#fullness.show(journalFullness, full, journalFullness >= 0.8 ? 'bad' : 'accent');
      const facts: [string, string | Node][] = [
        ['Folder', h('code', {}, dir)],
        ['Journal', this.#fullness.node],
        ['Entries', formatCount(journalEntries)],
        ['Series with unsaved learning', formatCount(unsavedSeries)],
        ['Series still to be taken up', formatCount(recoveringSeries)],
      ];
      return [
        h(
          'dl',
          { class: 'facts lines' },
          ...facts.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
        ),
      ];
    });
  }

  #showAccounts({ accounting, rates }: PipelineReport): void {
    const streams = Object.entries(accounting);
    this.#accounts.show(streams.map(([stream, account]) => accountCells(stream, account, rates)));
    streams.forEach(([, account], i) => {
      this.#accounts.tone(i, missing(account, rates) === 0 ? null : 'bad');
    });
  }
}
