/** A series of numbers: what came, what was forecast, what is forecast; unusual steps below. */
import type { SeriesHistory } from '../observe/monitor.ts';
import { timeAxis, valueAxis } from './chart-style.ts';
import { color, h } from './dom.ts';
import {
  ACTUAL,
  AHEAD,
  BANDS,
  FORECAST,
  homeRange,
  LOWER,
  seriesColumns,
  spread,
  UPPER,
} from './series-columns.ts';
import { type Columns, TimeChart } from './time-chart.ts';
import uPlot from './uplot.js';
import { linesRange, valueRange } from './value-range.ts';
import { ANOMALY_FROM } from './words.ts';

const WIDE_PX = 720;
const STRIP_PX = 44;
const SIDE_PX = 16;

export class NumberChart {
  readonly node = h('div');
  readonly tools: HTMLElement;
  readonly #main: TimeChart;
  readonly #strip: TimeChart;
  #history: SeriesHistory | undefined;
  #timesMs: readonly number[] = [];
  #anomaly: (number | null)[] = [];

  constructor(label: string, pointed: (atMs: number | null, byKey: boolean) => void) {
    const home = (times: readonly number[]): [number, number] =>
      homeRange(times, this.#history?.future.targetMs.length ?? 0, innerWidth >= WIDE_PX);
    this.#main = new TimeChart({
      label,
      home,
      height: () => (innerWidth >= WIDE_PX ? 380 : 280),
      plot: () => this.#plot(),
      pointed: (place, byKey) =>
        pointed(place === null ? null : (this.#timesMs[place] ?? null), byKey),
      ranged: (from, to) => this.#strip.look(from, to),
    });
    this.#strip = new TimeChart({
      label: '',
      home,
      height: () => STRIP_PX,
      plot: () => this.#stripPlot(),
    });
    this.tools = this.#main.tools;
    const strip = h(
      'div',
      { class: 'strip', 'aria-hidden': 'true' },
      h('span', { class: 'strip-label' }, 'Anomaly'),
      this.#strip.node,
    );
    this.#strip.node.removeAttribute('tabindex');
    this.#strip.node.removeAttribute('role');
    this.node.append(this.#main.node, strip);
  }

  close(): void {
    this.#main.close();
    this.#strip.close();
  }

  show(history: SeriesHistory): void {
    this.#history = history;
    const columns = seriesColumns(history);
    this.#timesMs = columns[0].map((seconds) => Math.round(1_000 * seconds));
    this.#anomaly = spread(this.#timesMs, history.timeMs, history.anomaly);
    this.#strip.show([columns[0], this.#anomaly]);
    this.#main.show(columns);
  }

  #plot() {
    const bands = this.#history?.future.bands ?? [];
    const edge = (name: string): uPlot.Series => ({
      stroke: color(name),
      width: 1,
      points: { show: false },
    });
    const series: uPlot.Series[] = [
      {},
      { stroke: color('actual'), width: 1.6, points: { show: false } },
      { stroke: color('accent'), width: 1.4, points: { show: false } },
      edge('band-edge'),
      edge('band-edge'),
      { stroke: color('accent'), width: 2, dash: [5, 4], points: { show: false } },
      ...bands.flatMap(() => [edge('band-edge'), edge('band-edge')]),
    ];
    return {
      series,
      bands: [
        { series: [UPPER, LOWER] as [number, number], fill: color('band') },
        ...bands.map((_, i) => ({
          series: [BANDS + 2 * i, BANDS + 2 * i + 1] as [number, number],
          fill: color(i === 0 ? 'band-wide' : 'band-narrow'),
        })),
      ],
      // The strip below has the same sides, so that steps stand below each other.
      scales: { y: { range: seenRange } },
      padding: [WORD_PX, SIDE_PX, null, 0] as uPlot.Padding,
      axes: [timeAxis({ size: 40 }), valueAxis()],
      cursor: {
        sync: { key: 'series', setSeries: false },
        points: { size: 7, show: hoverPoint },
      },
      hooks: {
        drawClear: [(plot: uPlot) => this.#shadeFuture(plot)],
        draw: [(plot: uPlot) => this.#marks(plot)],
      },
    };
  }

  #stripPlot() {
    return {
      series: [
        {},
        {
          ...{ stroke: color('soft'), fill: color('soft'), width: 0, points: { show: false } },
          paths: uPlot.paths.bars!({
            size: [0.7, 8, 1],
            disp: { fill: { unit: 3, values: (plot: uPlot) => stripFills(plot) } },
          }),
        },
      ] as uPlot.Series[],
      scales: { y: { range: [0, 1] as [number, number] } },
      padding: [2, SIDE_PX, 2, 0] as uPlot.Padding,
      axes: [
        timeAxis({ show: false }),
        valueAxis({
          values: () => [],
          splits: () => [0, 1],
          grid: { show: false },
          ticks: { show: false },
        }),
      ],
      cursor: { sync: { key: 'series', setSeries: false }, y: false, points: { show: false } },
    };
  }

  #shadeFuture(plot: uPlot): void {
    const { issuedMs = null } = this.#history?.future ?? {};
    if (issuedMs === null) return;
    const { ctx, bbox } = plot;
    const from = Math.max(bbox.left, plot.valToPos(issuedMs / 1_000, 'x', true));
    const width = bbox.left + bbox.width - from;
    if (width <= 0) return;
    ctx.fillStyle = color('future');
    ctx.fillRect(from, bbox.top, width, bbox.height);
  }

  #marks(plot: uPlot): void {
    const history = this.#history;
    if (!history) return;
    const { changes, future } = history;
    for (const { timeMs } of changes) vertical(plot, timeMs, 'warn', 'change');
    if (future.issuedMs !== null) vertical(plot, future.issuedMs, 'soft', 'now');
    const { ctx } = plot;
    const [times, ...columns] = plot.data as Columns;
    const { min = 0, max = 0 } = plot.scales.x ?? {};
    ctx.save();
    ctx.strokeStyle = color('bad');
    ctx.lineWidth = 2 * uPlot.pxRatio;
    this.#anomaly.forEach((score, i) => {
      const value = columns[ACTUAL - 1]?.[i] ?? null;
      const time = times[i]!;
      if (score === null || score < ANOMALY_FROM || value === null) return;
      if (time < min || time > max) return;
      ctx.beginPath();
      const [x, y] = [plot.valToPos(time, 'x', true), plot.valToPos(value, 'y', true)];
      ctx.arc(x, y, 5.5 * uPlot.pxRatio, 0, 2 * Math.PI);
      ctx.stroke();
    });
    ctx.restore();
  }
}

/** Dots for values and forecasts; the edges of bands need none. */
function hoverPoint(_: uPlot, place: number): HTMLElement {
  const dot = h('div', { class: 'u-cursor-pt' });
  const shown = place === ACTUAL || place === FORECAST || place === AHEAD;
  dot.hidden = !shown;
  dot.style.background = color(place === ACTUAL ? 'actual' : 'accent');
  if (!shown) dot.style.display = 'none';
  return dot;
}

function stripFills(plot: uPlot): string[] {
  const [usual, odd] = [color('strip'), color('bad')];
  return (plot.data[1] as (number | null)[]).map((score) =>
    (score ?? 0) >= ANOMALY_FROM ? odd : usual,
  );
}

/** A line through the whole height, with a word above: charts leave so much room there. */
export const WORD_PX = 18;

export function vertical(plot: uPlot, timeMs: number, name: string, word: string): void {
  const { ctx, bbox } = plot;
  const x = Math.round(plot.valToPos(timeMs / 1_000, 'x', true));
  if (x < bbox.left || x > bbox.left + bbox.width) return;
  const px = uPlot.pxRatio;
  ctx.save();
  ctx.strokeStyle = color(name);
  ctx.fillStyle = color(name);
  ctx.lineWidth = px;
  ctx.setLineDash([3 * px, 3 * px]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.font = `${11 * px}px system-ui, sans-serif`;
  ctx.textBaseline = 'bottom';
  ctx.textAlign = 'center';
  ctx.fillText(word, x, bbox.top - 2 * px);
  ctx.restore();
}

/** uPlot's own margins, about what is to be seen. */
function seenRange(plot: uPlot, lowest: number | null, highest: number | null): uPlot.Range.MinMax {
  if (lowest === null || highest === null) return [null, null];
  const [from, to] = plot.series[0]?.idxs ?? [0, plot.data[0].length - 1];
  const [min, max] = valueRange([lowest, highest], linesRange(plot.data as Columns, from, to));
  return uPlot.rangeNum(min, max, 0.1, true);
}
