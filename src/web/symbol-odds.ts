/** Of a series of symbols: the likeliest at some leads, with their probabilities. */
import type { SeriesHistory } from '../observe/monitor.ts';
import { h, refill, scroller } from './dom.ts';
import { formatPercent } from './format.ts';
import { leadHead } from './learned-panel.ts';
import { Meter } from './marks.ts';
import { Table } from './table.ts';

const SYMBOLS_MAX = 8;

export class SymbolOdds {
  readonly node = h('section', { class: 'card odds', hidden: true });

  show({ future, symbols, leads, everyMs }: SeriesHistory): void {
    const { probability = [] } = future;
    this.node.hidden = !symbols || probability.length === 0;
    if (!symbols || this.node.hidden) return;
    const shown = (leads.length > 0 ? leads : [1]).filter((lead) => lead <= probability.length);
    const odds = shown.map((lead) => probability[lead - 1]!);
    refill(this.node, [odds, shown, everyMs], () => {
      const best = symbols
        .map((name, place) => ({ name, place, most: Math.max(...odds.map((o) => o[place] ?? 0)) }))
        .sort((a, b) => b.most - a.most)
        .slice(0, SYMBOLS_MAX);
      const table = new Table('Probability of each symbol', [
        { label: 'Symbol' },
        ...shown.map((lead) => ({ label: `in ${leadHead(lead, everyMs ?? 0)}`, number: true })),
      ]);
      table.show(
        best.map(({ name, place }) => [
          name,
          ...odds.map((shares) => {
            const share = shares[place] ?? 0;
            const meter = new Meter();
            meter.show(share, formatPercent(share), 'accent');
            return meter.node;
          }),
        ]),
      );
      const about = 'How likely each symbol is at the leads that are scored.';
      return [
        h('h2', {}, 'What comes next'),
        h('p', { class: 'about' }, about),
        scroller('Probabilities', table.node),
      ];
    });
  }
}
