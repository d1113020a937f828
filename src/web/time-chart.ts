/** A chart over time that can be zoomed by drag, buttons and keys, and goes along with what is new. */
import { button, h } from './dom.ts';
import { whenRedrawn } from './redrawn.ts';
import uPlot from './uplot.js';

export type Columns = [number[], ...(number | null)[][]];

export interface TimeChartOptions {
  readonly label: string;
  readonly height: () => number;
  /** Asked for anew with each change of colours. */
  readonly plot: () => Partial<uPlot.Options> & Pick<uPlot.Options, 'series'>;
  /** What is seen at first, and again on reset; in seconds. */
  readonly home: (times: readonly number[]) => [from: number, to: number];
  /** The place under the cursor; null: none. */
  readonly pointed?: (place: number | null, byKey: boolean) => void;
  /** Whatever is shown below it with the same times. */
  readonly ranged?: (from: number, to: number) => void;
}

type Range = [from: number, to: number];

/** Steps that are still told apart. */
const STEPS_MIN = 6;
const PAN = 0.25;
const ZOOM = 1.6;

export class TimeChart {
  readonly node: HTMLElement;
  readonly tools: HTMLElement;
  #plot: uPlot | undefined;
  #data: Columns | undefined;
  /** undefined: home. */
  #range: Range | undefined;
  #byKey = false;
  readonly #options: TimeChartOptions;
  readonly #host = h('div', { class: 'plot' });
  readonly #unheard: () => void;

  constructor(options: TimeChartOptions) {
    this.#options = options;
    this.node = h(
      'div',
      { class: 'chart', role: 'application', tabindex: 0, 'aria-label': options.label },
      this.#host,
    );
    this.tools = h(
      'div',
      { class: 'tools', role: 'group', 'aria-label': 'Zoom' },
      button('−', { 'aria-label': 'Zoom out', title: 'Zoom out (−)' }, () => this.#zoom(ZOOM)),
      button('+', { 'aria-label': 'Zoom in', title: 'Zoom in (+)' }, () => this.#zoom(1 / ZOOM)),
      button('←', { 'aria-label': 'Earlier', title: 'Earlier (Shift ←)' }, () => this.#pan(-PAN)),
      button('→', { 'aria-label': 'Later', title: 'Later (Shift →)' }, () => this.#pan(PAN)),
      button('All', { title: 'All that is kept (A)' }, () => this.#look(this.#whole())),
      button('Reset', { title: 'As at first (0)' }, () => this.#look(undefined)),
    );
    this.node.addEventListener('keydown', (event) => this.#key(event));
    this.node.addEventListener('blur', () => this.#plot?.setCursor({ left: -10, top: -10 }));
    this.#unheard = whenRedrawn(this.#host, () => this.#fit(), this.#redo);
  }

  close(): void {
    this.#unheard();
    this.#plot?.destroy();
  }

  show(data: Columns): void {
    const before = this.#data;
    this.#data = data;
    if (this.#range && before) this.#range = follow(this.#range, before[0], data[0]);
    if (!this.#plot || data.length !== before?.length) return this.#redo();
    this.#plot.batch(() => {
      this.#plot?.setData(data, false);
      this.#apply();
    });
  }

  /** A chart below shows the same times. */
  look(from: number, to: number): void {
    this.#range = [from, to];
    this.#apply();
  }

  readonly #redo = (): void => {
    this.#plot?.destroy();
    this.#plot = undefined;
    if (!this.#data || this.#host.clientWidth === 0) return;
    const given = this.#options.plot();
    const options: uPlot.Options = {
      width: this.#host.clientWidth,
      height: this.#options.height(),
      legend: { show: false },
      ...given,
      cursor: {
        points: { size: 7 },
        drag: { x: true, y: false, setScale: false },
        bind: { dblclick: () => this.#reset },
        ...given.cursor,
      },
      hooks: {
        ...given.hooks,
        setSelect: [(plot) => this.#dragged(plot)],
        setCursor: [(plot) => this.#options.pointed?.(plot.cursor.idx ?? null, this.#byKey)],
      },
    };
    this.#plot = new uPlot(options, this.#data, this.#host);
    this.#apply();
  };

  readonly #reset = (): null => {
    this.#look(undefined);
    return null;
  };

  #fit(): void {
    const width = this.#host.clientWidth;
    if (width === 0) return;
    if (!this.#plot) this.#redo();
    else if (width !== this.#plot.width)
      this.#plot.setSize({ width, height: this.#options.height() });
  }

  #apply(): void {
    if (!this.#data || this.#data[0].length === 0) return;
    const [min, max] = this.#seen();
    this.#plot?.setScale('x', { min, max });
    this.#options.ranged?.(min, max);
  }

  #look(range: Range | undefined): void {
    this.#range = range;
    this.#apply();
  }

  #seen(): Range {
    return this.#range ?? this.#options.home(this.#data![0]);
  }

  #whole(): Range {
    const times = this.#data![0];
    return [times[0]!, times.at(-1)!];
  }

  #dragged(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 4) return;
    const range: Range = [plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')];
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.#look(this.#bounded(range));
  }

  #zoom(factor: number): void {
    if (!this.#data) return;
    const [from, to] = this.#seen();
    const { left = -1 } = this.#plot?.cursor ?? {};
    // What is pointed at stays where it is.
    const centre = left >= 0 ? this.#plot!.posToVal(left, 'x') : (from + to) / 2;
    const range: Range = [centre - (centre - from) * factor, centre + (to - centre) * factor];
    this.#look(this.#bounded(range));
  }

  #pan(part: number): void {
    if (!this.#data) return;
    const [from, to] = this.#seen();
    const [first, last] = this.#whole();
    const by = Math.min(last - to, Math.max(first - from, part * (to - from)));
    this.#look([from + by, to + by]);
  }

  #bounded([from, to]: Range): Range {
    const [first, last] = this.#whole();
    const least = (STEPS_MIN * (last - first)) / Math.max(1, this.#data![0].length - 1);
    const wider = Math.max(0, least - (to - from)) / 2;
    return [Math.max(first, from - wider), Math.min(last, to + wider)];
  }

  #key(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey || !this.#data) return;
    const { key, shiftKey } = event;
    if (key === 'ArrowLeft' || key === 'ArrowRight') {
      const way = key === 'ArrowLeft' ? -1 : 1;
      if (shiftKey) this.#pan(way * PAN);
      else this.#step(way);
    } else if (key === '+' || key === '=') this.#zoom(1 / ZOOM);
    else if (key === '-') this.#zoom(ZOOM);
    else if (key === 'a') this.#look(this.#whole());
    else if (key === '0' || key === 'Escape') this.#look(undefined);
    else return;
    event.preventDefault();
  }

  /** Moves the cursor from step to step, and the view with it. */
  #step(way: number): void {
    const plot = this.#plot;
    if (!plot) return;
    const times = this.#data![0];
    const [from, to] = this.#seen();
    const at = plot.cursor.idx ?? plot.valToIdx(way < 0 ? to : from);
    const next = Math.min(times.length - 1, Math.max(0, at + way));
    const time = times[next]!;
    if (time < from) this.#pan(-PAN);
    else if (time > to) this.#pan(PAN);
    this.#byKey = true;
    plot.setCursor({ left: plot.valToPos(time, 'x'), top: plot.over.clientHeight / 2 });
    this.#byKey = false;
  }
}

/** Goes along with the newest times where it ended with them. */
function follow([from, to]: Range, before: readonly number[], now: readonly number[]): Range {
  const [end, newEnd] = [before.at(-1) ?? to, now.at(-1) ?? to];
  const by = to >= end - (to - from) * 0.02 ? newEnd - end : 0;
  return [from + by, to + by];
}
