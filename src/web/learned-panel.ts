/** What has been learned with a series: whom it listens to, what its intervals held, its network. */
import type {
  ChannelView,
  ForecastView,
  LeadReport,
  LearnedView,
} from '../observe/learned-view.ts';
import { h, refill, scroller, setText } from './dom.ts';
import {
  formatCount,
  formatDuration,
  formatNumber,
  formatPercent,
  formatSigned,
} from './format.ts';
import { Meter } from './marks.ts';
import { Table, type TableCell } from './table.ts';
import {
  clipVerdict,
  coverageWords,
  expertWords,
  isNarrow,
  type NetworkVerdict,
  reachVerdict,
} from './words.ts';

/** Experts with less weight at every lead are summed up. */
const WEIGHT_MIN = 0.01;

export class LearnedPanel {
  readonly node = h('div', { class: 'panels learned', hidden: true });
  readonly #experts = h('section', { class: 'card' });
  readonly #intervals = h('section', { class: 'card' });
  readonly #network = h('section', { class: 'card wide' });

  constructor() {
    this.node.append(this.#experts, this.#intervals, this.#network);
  }

  show(learned: LearnedView | null, series: string): void {
    const channel = learned?.channels.find((one) => one.series === series) ?? learned?.channels[0];
    const forecast = channel?.forecast;
    this.node.hidden = !forecast;
    if (!channel || !forecast) return;
    const { leads, network, seasons, putAside } = forecast;
    const everyMs = channel.everyMs ?? 0;
    refill(this.#experts, [leads, seasons, putAside], () => experts(forecast, everyMs));
    const held = leads.map(({ lead, scored, skill, intervals }) => ({
      ...{ lead, scored, skill },
      intervals: intervals.map(({ nominal, coverage }) => ({ nominal, coverage })),
    }));
    refill(this.#intervals, held, () => intervals(leads, everyMs));
    this.#network.hidden = !network;
    refill(this.#network, [network, channel.samples], () => networkParts(forecast, channel));
  }
}

/** On two lines. */
export function leadHead(lead: number, everyMs: number): string {
  return leadLabel(lead, everyMs).replace(/ \((.*)\)$/, '\n$1');
}

export function leadLabel(lead: number, everyMs: number): string {
  const time = everyMs > 0 ? ` (${formatDuration(lead * everyMs)})` : '';
  return `${lead} ${lead === 1 ? 'step' : 'steps'}${time}`;
}

function experts({ leads, seasons, putAside }: ForecastView, everyMs: number): Node[] {
  const strongest = new Map<string, number>();
  for (const { experts } of leads) {
    for (const { expert, weight } of experts) {
      strongest.set(expert, Math.max(weight, strongest.get(expert) ?? 0));
    }
  }
  const names = [...strongest].sort((a, b) => b[1] - a[1]);
  const shown = names.filter(([, weight]) => weight >= WEIGHT_MIN).map(([name]) => name);
  const table = new Table('Weight of each expert at each lead', [
    { label: 'Expert' },
    ...leads.map(({ lead }) => ({ label: leadHead(lead, everyMs), number: true })),
  ]);
  table.show(
    shown.map((name) => [
      expertCell(name),
      ...leads.map(({ experts }) => {
        const weight = experts.find(({ expert }) => expert === name)?.weight ?? 0;
        const meter = new Meter();
        meter.show(weight, formatPercent(weight), 'accent');
        return meter.node;
      }),
    ]),
  );
  const rest = names.length - shown.length;
  const notes = [
    rest > 0 ? `${rest} more with less than ${formatPercent(WEIGHT_MIN)} each.` : '',
    seasons.length > 0
      ? `Season: ${seasons.map((s) => leadLabel(s, everyMs)).join(', ')}.`
      : 'No season found.',
    putAside
      ? `${formatCount(putAside)} forecasts of experts were put aside as no credible numbers.`
      : '',
  ];
  return [
    h('h2', {}, 'Who is listened to'),
    h(
      'p',
      { class: 'about' },
      'Several methods forecast; each is trusted by its own record so far.',
    ),
    scroller('Experts', table.node),
    h('p', { class: 'fine' }, notes.filter(Boolean).join(' ')),
  ];
}

function expertCell(name: string): TableCell {
  const words = expertWords(name);
  return h(
    'span',
    {},
    h('code', {}, name),
    words ? h('span', { class: 'fine below' }, words) : null,
  );
}

function intervals(leads: readonly LeadReport[], everyMs: number): Node[] {
  const levels = leads[0]?.intervals ?? [];
  const table = new Table('Record of each lead', [
    { label: 'Ahead' },
    { label: 'Scored', number: true },
    { label: 'Skill', number: true, title: 'Less error than the last value has' },
    ...levels.map(({ nominal }) => ({
      label: `${formatPercent(nominal)} interval\nheld`,
      number: true,
    })),
  ]);
  table.show(
    leads.map(({ lead, scored, skill, intervals }) => [
      leadLabel(lead, everyMs),
      scored === null ? '–' : formatCount(scored),
      formatSigned(skill),
      ...intervals.map(({ nominal, coverage }) => {
        const meter = new Meter();
        const narrow = isNarrow(coverage, nominal);
        meter.show(coverage, formatPercent(coverage, 1), narrow ? 'warn' : 'plain', nominal);
        meter.node.title = coverageWords(coverage, nominal);
        return meter.node;
      }),
    ]),
  );
  const about =
    levels.length > 0
      ? 'How many values were inside lately, beside how many should be (the mark).'
      : 'Symbols have probabilities instead of intervals.';
  return [
    h('h2', {}, levels.length > 0 ? 'Did the intervals hold?' : 'Record'),
    h('p', { class: 'about' }, about),
    scroller('Record by lead', table.node),
  ];
}

function networkParts({ network }: ForecastView, { samples }: ChannelView): Node[] {
  if (!network) return [];
  const { cell, layers, hidden, weights, windowSteps, updates, skipped, loss } = network;
  const facts: [string, string][] = [
    ['Cell', `${(cell ?? '').toUpperCase()}, ${layers} × ${hidden} units`],
    ['Weights', formatCount(weights ?? 0)],
    ['Goes back', `${windowSteps} steps`],
    ['Updates', formatCount(updates ?? 0)],
    ['Skipped', formatCount(skipped ?? 0)],
    ['Mean loss', formatNumber(loss)],
    ['Samples learned', formatCount(samples.learned)],
  ];
  return [
    h('h2', {}, 'The network'),
    h(
      'p',
      { class: 'about' },
      'It learns while the stream flows. Means over its last hundred updates.',
    ),
    h(
      'dl',
      { class: 'facts' },
      ...facts.map(([name, text]) => h('div', {}, h('dt', {}, name), h('dd', {}, text))),
    ),
    h(
      'div',
      { class: 'verdicts' },
      verdict('How far gradients reach', reachVerdict(network)),
      verdict('How often they are clipped', clipVerdict(network)),
    ),
  ];
}

function verdict(title: string, { tone, head, text }: NetworkVerdict): HTMLElement {
  const node = h(
    'div',
    { class: 'verdict', 'data-tone': tone },
    h('h3', {}, title),
    h('strong', {}),
    h('p', {}, text),
  );
  setText(node.children[1]!, head);
  return node;
}
