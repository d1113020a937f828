/** The rates since the page was opened, a few minutes of them; and the drawing of them. */
import type { PipelineReport } from '../observe/http/api.ts';
import { timeAxis, valueAxis } from './chart-style.ts';
import { color, h, setText } from './dom.ts';
import { formatRate } from './format.ts';
import { whenRedrawn } from './redrawn.ts';
import uPlot from './uplot.js';

const KEPT_MS = 10 * 60_000;
const HEIGHT = 110;

interface Reading {
  readonly atMs: number;
  readonly value: number | null;
}

/** By what they are of; they outlive the view. */
const readings = new Map<string, Reading[]>();

/** Forgotten with another start of the daemon. */
let instance = '';

export class RateChart {
  readonly node: HTMLElement;
  readonly #name: string;
  readonly #read: (report: PipelineReport) => number | null;
  readonly #figure = h('span', { class: 'figure' });
  readonly #host = h('div', { class: 'plot', 'aria-hidden': 'true' });
  readonly #unheard: () => void;
  #plot: uPlot | undefined;

  constructor(name: string, unit: string, read: (report: PipelineReport) => number | null) {
    this.#name = name;
    this.#read = read;
    const head = h('h3', {}, name);
    const now = h('p', { class: 'now' }, this.#figure, ` ${unit}`);
    this.node = h('div', { class: 'rate' }, head, now, this.#host);
    this.#unheard = whenRedrawn(this.#host, () => this.#fit(), this.#redo);
  }

  close(): void {
    this.#unheard();
    this.#plot?.destroy();
  }

  show(report: PipelineReport): void {
    if (report.instance !== instance) readings.clear();
    instance = report.instance;
    const value = this.#read(report);
    const kept = readings.get(this.#name) ?? [];
    readings.set(this.#name, kept);
    if (report.nowMs > (kept.at(-1)?.atMs ?? 0)) kept.push({ atMs: report.nowMs, value });
    while (kept[0] && kept[0].atMs < report.nowMs - KEPT_MS) kept.shift();
    setText(this.#figure, value === null ? '–' : formatRate(value));
    if (this.#plot) this.#plot.setData(this.#data());
    else this.#redo();
  }

  #data(): uPlot.AlignedData {
    const kept = readings.get(this.#name) ?? [];
    return [kept.map(({ atMs }) => atMs / 1_000), kept.map(({ value }) => value)];
  }

  readonly #redo = (): void => {
    this.#plot?.destroy();
    this.#plot = undefined;
    const width = this.#host.clientWidth;
    if (width === 0) return;
    this.#plot = new uPlot(
      {
        ...{ width, height: HEIGHT, legend: { show: false }, padding: [6, 26, 0, 0] },
        cursor: { show: false },
        scales: {
          // A minute at least, so that the first readings are no fan of lines.
          x: { range: (_, min, max) => [Math.min(min, max - 60), max] },
          y: { range: (_, __, max) => [0, max > 0 ? 1.15 * max : 1] },
        },
        series: [
          {},
          {
            ...{ stroke: color('accent'), fill: color('band'), width: 1.5 },
            points: { show: false },
          },
        ],
        axes: [
          timeAxis({ size: 26, values: minutes, grid: { show: false } }),
          valueAxis({ size: 52, space: 34 }),
        ],
      },
      this.#data(),
      this.#host,
    );
  };

  #fit(): void {
    const width = this.#host.clientWidth;
    if (width === 0) return;
    if (this.#plot) this.#plot.setSize({ width, height: HEIGHT });
    else this.#redo();
  }
}

function minutes(_: uPlot, ticks: number[]): string[] {
  return ticks.map((seconds) => {
    const t = new Date(1_000 * seconds);
    const parts = [t.getHours(), t.getMinutes(), t.getSeconds()];
    return parts.map((part) => String(part).padStart(2, '0')).join(':');
  });
}
