import { Scoreboard } from '../../observe/scoreboard.ts';
import { formatNumber, formatPercent, formatTable } from '../../observe/table.ts';
import type { SeriesPoints } from '../../store/points.ts';

/** What the demo shows of each series: the newest value, the next forecast, how good it has been. */
export class LiveTable {
  /** Where the page is. */
  page: string | undefined;
  readonly #newest = new Map<string, SeriesPoints>();
  readonly #scores = new Scoreboard(() => undefined);
  #steps = 0;
  #forecasts = 0;

  add(batch: readonly SeriesPoints[]): void {
    for (const points of batch) {
      this.#steps++;
      this.#forecasts += points.mean.length;
      this.#scores.add(points);
      this.#newest.set(points.series, points);
    }
  }

  oneLine(): string {
    const counts = `${this.#newest.size} series, ${this.#steps} steps learned, ${this.#forecasts} forecasts`;
    return this.page ? `${counts}    page on ${this.page}` : counts;
  }

  /** The live view: one row a series. */
  render(): string {
    const results = this.#scores.results();
    const rows = [...this.#newest].map(([series, p]) => {
      const ratio = results.get(series)?.map((e) => formatPercent(e.forecast / e.lastValue));
      const interval = `[${cell(p.lower)}, ${cell(p.upper)}]`;
      return [series, formatNumber(p.actual), cell(p.mean), interval, ratio?.join(' / ') ?? ''];
    });
    const header = [
      'series',
      'last value',
      'next',
      'interval',
      'error vs naive (first / last lead)',
    ];
    return `${formatTable(header, rows)}\n\n${this.oneLine()}    Ctrl-C ends`;
  }

  /** The closing view: errors by series and lead. */
  summary(): string {
    const rows = [...this.#scores.results()].flatMap(([series, leads]) =>
      leads.map((e) => [
        series,
        String(e.lead),
        String(e.steps),
        formatNumber(e.forecast),
        formatNumber(e.lastValue),
        formatPercent(e.covered),
      ]),
    );
    const header = ['series', 'lead', 'scored', 'MAE', 'MAE of last value', 'covered'];
    return `${formatTable(header, rows)}\n\n${this.oneLine()}`;
  }
}

function cell(values: Float64Array): string {
  return values.length > 0 ? formatNumber(values[0]!) : '–';
}
