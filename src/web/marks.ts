/** Small drawings: the shape of a state, a series' newest values, a share beside what it should be. */
import type { NextForecast, SeriesState } from '../observe/monitor.ts';
import { h, setAttributes, setText, svg } from './dom.ts';
import { STATES } from './words.ts';

const SHAPES: Readonly<Record<SeriesState, string>> = {
  good: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Z',
  learning: 'M8 2.5A5.5 5.5 0 1 1 2.5 8',
  drifting: 'M8 1.5 14.5 8 8 14.5 1.5 8Z',
  stale: 'M3 3h10v10H3Z',
  failing: 'M8 1.8 15 14H1Z',
};

export function stateShape(state: SeriesState): SVGSVGElement {
  const path = svg('path', { d: SHAPES[state] });
  return svg('svg', { class: `shape ${state}`, viewBox: '0 0 16 16', 'aria-hidden': 'true' }, path);
}

export function stateMark(state: SeriesState): HTMLElement {
  const { word, means } = STATES[state];
  return h('span', { class: `state ${state}`, title: means }, stateShape(state), word);
}

const WIDTH = 132;
const HEIGHT = 30;
const NEXT = 16;

/** Newest values as a line; at its right the next forecast with its interval. */
export class Sparkline {
  readonly node = svg('svg', {
    ...{ class: 'spark', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, 'aria-hidden': 'true' },
    preserveAspectRatio: 'xMinYMid',
  });
  readonly #line = svg('path', { class: 'line' });
  readonly #reach = svg('path', { class: 'reach' });
  readonly #next = svg('circle', { class: 'next', r: 2.4 });

  constructor() {
    this.node.append(this.#reach, this.#line, this.#next);
  }

  draw(values: readonly (number | null)[], next: NextForecast | null): void {
    const mean = typeof next?.mean === 'number' ? next.mean : null;
    const ends = mean === null ? [] : [mean, next?.lower ?? mean, next?.upper ?? mean];
    const known = [...values, ...ends].filter((value) => value !== null);
    const [low, high] = [Math.min(...known), Math.max(...known)];
    const y = (value: number): string => {
      const part = high > low ? (value - low) / (high - low) : 0.5;
      return (HEIGHT - 3 - part * (HEIGHT - 6)).toFixed(1);
    };
    const step = (WIDTH - NEXT - 3) / Math.max(1, values.length - 1);
    let path = '';
    values.forEach((value, i) => {
      if (value === null) return;
      const joined = (values[i - 1] ?? null) !== null;
      path += `${joined ? 'L' : 'M'}${(2 + i * step).toFixed(1)} ${y(value)}`;
    });
    const x = WIDTH - NEXT / 2;
    const [lower, upper] = [next?.lower ?? null, next?.upper ?? null];
    const reach = lower === null || upper === null ? '' : `M${x} ${y(lower)}V${y(upper)}`;
    setAttributes(this.#line, { d: path });
    setAttributes(this.#reach, { d: reach });
    setAttributes(this.#next, {
      cx: mean === null ? null : x,
      cy: mean === null ? null : y(mean),
      visibility: mean === null ? 'hidden' : 'visible',
    });
  }
}

/** A bar from 0 to 1, with a tick where it should end. */
export class Meter {
  readonly #bar = h('span', { class: 'bar' });
  readonly #tick = h('span', { class: 'tick' });
  readonly #text = h('span', { class: 'figure' });
  readonly node = h(
    'span',
    { class: 'meter' },
    this.#text,
    h('span', { class: 'track', 'aria-hidden': 'true' }, this.#bar, this.#tick),
  );

  /** @param tone what colours the bar; it says nothing that the text does not */
  show(share: number | null, text: string, tone = 'plain', target: number | null = null): void {
    setText(this.#text, text);
    this.node.dataset.tone = tone;
    this.#bar.style.width = `${100 * Math.min(1, Math.max(0, share ?? 0))}%`;
    this.#tick.hidden = target === null;
    this.#tick.style.left = `${100 * (target ?? 0)}%`;
  }
}
