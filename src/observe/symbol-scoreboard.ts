import type { SeriesPoints } from '../store/points.ts';
import { formatNumber, formatPercent, formatTable } from './table.ts';

interface Sums {
  steps: number;
  hits: number;
  lastHits: number;
  logLoss: number;
}

interface SeriesBoard {
  readonly leads: Map<number, Sums>;
  /** Newest symbols, the latest last: as many as there are leads, and one. */
  readonly past: number[];
}

/** Adds up how forecasts of symbols fared against the last symbol, as points go by. */
export class SymbolScoreboard {
  readonly #boards = new Map<string, SeriesBoard>();

  add({ series, symbols, targetMs }: SeriesPoints): void {
    if (!symbols) return;
    let board = this.#boards.get(series);
    board ??= { leads: new Map(), past: [] };
    this.#boards.set(series, board);
    const { leads, past } = board;
    // In a gap the last symbol is the one before it.
    past.push(symbols.actual >= 0 ? symbols.actual : (past.at(-1) ?? -1));
    for (const { lead, hit, logLoss } of symbols.scores) {
      const sums = leads.get(lead) ?? { steps: 0, hits: 0, lastHits: 0, logLoss: 0 };
      leads.set(lead, sums);
      sums.steps++;
      sums.hits += Number(hit);
      sums.lastHits += Number(past.at(-1 - lead) === symbols.actual);
      sums.logLoss += logLoss;
    }
    if (past.length > targetMs.length + 1) past.shift();
  }

  /** A row a series and lead; empty where there were no symbols. */
  table(): string {
    const rows = [...this.#boards].flatMap(([series, { leads }]) =>
      [...leads]
        .sort(([a], [b]) => a - b)
        .map(([lead, { steps, hits, lastHits, logLoss }]) => [
          series,
          String(lead),
          String(steps),
          formatPercent(hits / steps),
          formatPercent(lastHits / steps),
          formatNumber(logLoss / steps),
        ]),
    );
    const header = ['series', 'lead', 'scored', 'right', 'last symbol right', 'log loss'];
    return rows.length > 0 ? formatTable(header, rows) : '';
  }
}
