/** One series: what it did, what is forecast, and what has been learned of it. */
import type { SeriesDetail } from '../observe/http/api.ts';
import type { SeriesHistory } from '../observe/monitor.ts';
import { announce, h, refill, setAttributes, setText } from './dom.ts';
import { formatAge, formatFullTime, formatNumber, formatTime, NONE } from './format.ts';
import { nowMs } from './health.ts';
import { LearnedPanel, leadLabel } from './learned-panel.ts';
import { nameParts, spanText, valueText } from './list-row.ts';
import { LiveView } from './live.ts';
import { stateMark } from './marks.ts';
import { NumberChart } from './number-chart.ts';
import { Readout } from './readout.ts';
import { seriesHash } from './route.ts';
import { SeriesTables } from './series-tables.ts';
import { SeriesTiles } from './series-tiles.ts';
import { SymbolChart } from './symbol-chart.ts';
import { SymbolOdds } from './symbol-odds.ts';
import type { MountedView } from './view.ts';
import { waitingFor } from './waiting.ts';
import { STATES } from './words.ts';

const AGE_MS = 1_000;
/** A chart of less says nothing. */
const STEPS_MIN = 2;

export class SeriesView implements MountedView {
  readonly title: string;
  readonly heading: HTMLElement;
  readonly node: HTMLElement;
  readonly #series: string;
  #lead: number | null;
  #live: LiveView<SeriesDetail> | undefined;
  #detail: SeriesDetail | undefined;
  #chart: NumberChart | SymbolChart | undefined;
  readonly #state = h('span');
  readonly #about = h('p', { class: 'about' }, 'Waiting for the daemon …');
  readonly #tiles = new SeriesTiles();
  readonly #leads = h('select');
  readonly #chartCard = h('section', { class: 'card chart-card', hidden: true });
  readonly #chartHead = h('div', { class: 'chart-head' });
  readonly #summary = h('p', { class: 'unseen', id: 'chart-summary' });
  readonly #readout = new Readout();
  readonly #waiting = h('section', { class: 'card waiting', hidden: true });
  readonly #odds = new SymbolOdds();
  readonly #learned = new LearnedPanel();
  readonly #tables = new SeriesTables();
  readonly #timer = setInterval(() => this.#showAge(), AGE_MS);

  constructor(series: string, lead: number | null) {
    this.#series = series;
    this.#lead = lead;
    this.title = series;
    this.heading = h('h1', { tabindex: -1, class: 'series-name' }, ...nameParts(series));
    const back = h('a', { href: '#/', class: 'back' }, '← All series');
    this.#leads.addEventListener('change', () => this.#choose(Number(this.#leads.value)));
    this.#chartHead.append(
      h('h2', {}, 'Forecasts over what came'),
      h('label', { class: 'field lead-field' }, h('span', {}, 'Past forecasts made'), this.#leads),
    );
    this.#chartCard.append(this.#chartHead, this.#summary);
    this.node = h(
      'div',
      {},
      h(
        'div',
        { class: 'head' },
        back,
        h('div', { class: 'title' }, this.heading, this.#state),
        this.#about,
      ),
      ...[this.#tiles.node, this.#waiting, this.#chartCard, this.#odds.node],
      ...[this.#tables.node, this.#learned.node],
    );
    this.#open();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#live?.close();
    this.#chart?.close();
  }

  #choose(lead: number): void {
    this.#lead = lead;
    history.replaceState(null, '', seriesHash(this.#series, lead));
    announce(`Past forecasts made ${leadLabel(lead, this.#detail?.history.everyMs ?? 0)} ahead`);
    this.#open();
  }

  #open(): void {
    this.#live?.close();
    const lead = this.#lead === null ? null : String(this.#lead);
    this.#live = new LiveView<SeriesDetail>({
      view: 'detail',
      query: { series: this.#series, lead },
      data: (detail) => this.#show(detail),
      refused: (message) => this.#refuse(message),
    });
  }

  #refuse(message: string): void {
    setText(this.#about, message);
    // An old address may ask for a lead that is kept no more.
    if (this.#lead === null) return;
    this.#lead = null;
    this.#open();
  }

  #show(detail: SeriesDetail): void {
    this.#detail = detail;
    const { summary, history, learned } = detail;
    refill(this.#state, summary.state, () => [stateMark(summary.state)]);
    this.#tiles.show(summary);
    this.#showAge();
    const waiting = waitingFor(detail);
    this.#waiting.hidden = waiting === null;
    refill(this.#waiting, waiting, () => [
      h('h2', {}, waiting?.head ?? ''),
      ...(waiting?.lines ?? []).map((line) => h('p', {}, line)),
    ]);
    const drawn = history.timeMs.length >= STEPS_MIN;
    this.#chartCard.hidden = !drawn;
    this.#tables.node.hidden = !drawn;
    if (drawn) this.#draw(history);
    this.#odds.show(history);
    this.#tables.show(history);
    this.#learned.show(learned, summary.series);
  }

  #draw(history: SeriesHistory): void {
    const { leads, lead, everyMs, symbols } = history;
    refill(this.#leads, [leads, everyMs], () =>
      leads.map((one) => h('option', { value: one }, `${leadLabel(one, everyMs ?? 0)} before`)),
    );
    this.#leads.value = String(lead);
    this.#leads.parentElement!.hidden = leads.length === 0;
    if (!this.#chart) {
      const label = `Chart of ${this.#series}. Left and right arrow: step by step; plus and minus: zoom; 0: reset.`;
      const pointed = (atMs: number | null, byKey: boolean): void => {
        const text = this.#readout.point(atMs);
        if (byKey) announce(text);
      };
      this.#chart = symbols ? new SymbolChart(label, pointed) : new NumberChart(label, pointed);
      this.#chart.node.firstElementChild?.setAttribute('aria-describedby', this.#summary.id);
      this.#chartHead.append(this.#chart.tools);
      this.#chartCard.append(this.#readout.node, this.#chart.node);
    }
    this.#readout.show(history);
    this.#chart.show(history);
    setText(this.#summary, description(history, this.#detail!));
  }

  #showAge(): void {
    if (!this.#detail) return;
    const { summary, history } = this.#detail;
    const { lastMs, stream, state } = summary;
    const seen = lastMs === null ? 'no value yet' : `last value ${formatAge(lastMs, nowMs())}`;
    const grid =
      history.everyMs === null ? 'no grid yet' : `one step each ${leadTime(history.everyMs)}`;
    setText(this.#about, `Stream ${stream} · ${grid} · ${seen}. ${STATES[state].means}`);
    setAttributes(this.#about, { title: lastMs === null ? null : formatFullTime(lastMs) });
  }
}

const leadTime = (everyMs: number): string => /\((.*)\)/.exec(leadLabel(1, everyMs))?.[1] ?? NONE;

function description(history: SeriesHistory, { summary }: SeriesDetail): string {
  const { timeMs, actual, future, symbols } = history;
  const known = actual.filter((value) => value !== null);
  const span = `${timeMs.length} steps from ${formatTime(timeMs[0]!)} to ${formatTime(timeMs.at(-1)!)}`;
  const reach = symbols
    ? ''
    : `, between ${formatNumber(Math.min(...known))} and ${formatNumber(Math.max(...known))}`;
  const next = summary.next
    ? ` Next: ${valueText(summary.next.mean, summary.next)}, ${spanText(summary.next)}; ${future.targetMs.length} steps ahead are forecast.`
    : '';
  return `${span}${reach}. Newest: ${valueText(summary.last, summary.next)}.${next} The numbers are in the tables below.`;
}
