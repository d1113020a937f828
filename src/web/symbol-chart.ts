/** A series of symbols: a lane for each; what came above, what was forecast below it. */
import type { SeriesHistory } from '../observe/monitor.ts';
import { axis, timeAxis } from './chart-style.ts';
import { color, h } from './dom.ts';
import { vertical, WORD_PX } from './number-chart.ts';
import { chartTimes, homeRange, spread } from './series-columns.ts';
import { TimeChart } from './time-chart.ts';
import type uPlot from './uplot.js';

const LANE_PX = 34;
const LANES_MAX = 12;
const LIKELY_FROM = 0.02;

export class SymbolChart {
  readonly node: HTMLElement;
  readonly tools: HTMLElement;
  readonly #chart: TimeChart;
  #history: SeriesHistory | undefined;
  #timesMs: number[] = [];
  /** Places of the symbols that are shown, by lane from above. */
  #lanes: number[] = [];

  constructor(label: string, pointed: (atMs: number | null, byKey: boolean) => void) {
    this.#chart = new TimeChart({
      label,
      height: () => LANE_PX * Math.max(2, this.#lanes.length) + 44 + WORD_PX,
      home: (times) =>
        homeRange(times, this.#history?.future.targetMs.length ?? 0, innerWidth >= 720),
      plot: () => this.#plot(),
      pointed: (place, byKey) =>
        pointed(place === null ? null : (this.#timesMs[place] ?? null), byKey),
    });
    this.tools = this.#chart.tools;
    this.node = h('div', {}, this.#chart.node);
  }

  close(): void {
    this.#chart.close();
  }

  show(history: SeriesHistory): void {
    this.#history = history;
    this.#lanes = lanesOf(history);
    this.#timesMs = chartTimes(history);
    const seconds = this.#timesMs.map((ms) => ms / 1_000);
    this.#chart.show([seconds, spread(this.#timesMs, history.timeMs, history.actual)]);
  }

  #plot() {
    const names = this.#history?.symbols ?? [];
    const count = Math.max(2, this.#lanes.length);
    return {
      series: [{}, { paths: () => null, points: { show: false } }] as uPlot.Series[],
      padding: [WORD_PX, null, null, null] as uPlot.Padding,
      scales: { y: { range: [-0.5, count - 0.5] as [number, number], dir: -1 as const } },
      axes: [
        timeAxis({ size: 44 }),
        axis({
          size: 84,
          splits: () => this.#lanes.map((_, lane) => lane),
          values: () => this.#lanes.map((place) => shortened(names[place] ?? '')),
        }),
      ],
      cursor: { points: { show: false }, y: false },
      hooks: { draw: [(plot: uPlot) => this.#draw(plot)] },
    };
  }

  #draw(plot: uPlot): void {
    const history = this.#history;
    if (!history) return;
    const { timeMs, actual, forecast, future, everyMs } = history;
    const step = (everyMs ?? 1_000) / 1_000;
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    const block = (ms: number, place: number | null, top: number, bottom: number): void => {
      const lane = place === null ? -1 : this.#lanes.indexOf(place);
      if (lane < 0) return;
      const x = plot.valToPos(ms / 1_000 - step / 2, 'x', true);
      const width = plot.valToPos(ms / 1_000 + step / 2, 'x', true) - x;
      const y = plot.valToPos(lane + top, 'y', true);
      ctx.fillRect(x, y, Math.max(1, width - 0.5), plot.valToPos(lane + bottom, 'y', true) - y);
    };
    timeMs.forEach((ms, i) => {
      ctx.fillStyle = color('actual');
      block(ms, actual[i] ?? null, -0.36, 0.06);
      const told = forecast[i] ?? null;
      ctx.fillStyle = color(told === actual[i] ? 'accent' : 'bad');
      block(ms, told, 0.12, 0.36);
    });
    ctx.fillStyle = color('accent');
    future.targetMs.forEach((ms, i) => {
      for (const place of this.#lanes) {
        ctx.globalAlpha = future.probability?.[i]?.[place] ?? 0;
        block(ms, place, -0.36, 0.36);
      }
    });
    ctx.restore();
    if (future.issuedMs !== null) vertical(plot, future.issuedMs + 500 * step, 'soft', 'now');
  }
}

/** Those that came or may come, in the order of the names. */
function lanesOf({ actual, future, symbols = [] }: SeriesHistory): number[] {
  const weight = symbols.map(() => 0);
  for (const place of actual) if (place !== null) weight[place] = (weight[place] ?? 0) + 1;
  for (const shares of future.probability ?? []) {
    shares.forEach((share, place) => {
      if (share >= LIKELY_FROM) weight[place] = (weight[place] ?? 0) + share;
    });
  }
  return weight
    .map((w, place) => ({ w, place }))
    .filter(({ w }) => w > 0)
    .sort((a, b) => b.w - a.w)
    .slice(0, LANES_MAX)
    .map(({ place }) => place)
    .sort((a, b) => a - b);
}

function shortened(name: string): string {
  return name.length > 11 ? `${name.slice(0, 10)}…` : name;
}
