/** Axes and time labels that all charts share. */
import { color } from './dom.ts';
import { formatNumber } from './format.ts';
import type uPlot from './uplot.js';

const FONT = '12px system-ui, sans-serif';
const DAY = 86_400;

export function axis(extra: uPlot.Axis = {}): uPlot.Axis {
  const line = { stroke: color('grid'), width: 1 };
  return { stroke: color('soft'), grid: line, ticks: { ...line, size: 4 }, font: FONT, ...extra };
}

export function valueAxis(extra: uPlot.Axis = {}): uPlot.Axis {
  return axis({
    size: 66,
    values: (_, ticks) => ticks.map((tick) => tickText(tick, ticks)),
    ...extra,
  });
}

/** As many digits as tell the ticks apart. */
function tickText(tick: number | null, ticks: readonly (number | null)[]): string {
  if (tick === null) return '';
  const known = ticks.filter((other) => other !== null);
  const step = known.length > 1 ? Math.abs(known[1]! - known[0]!) : 0;
  if (step <= 0 || Math.abs(tick) >= 1e9) return formatNumber(tick);
  const size = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
  // Steps of 2.5 and .25 need one digit more than their size tells.
  const whole = Math.abs(step * 10 ** size - Math.round(step * 10 ** size)) < 1e-6;
  const digits = Math.min(12, whole ? size : size + 1);
  return tick
    .toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
    .replace('-', '−');
}

// As uPlot wants them: from this distance of ticks on, so; and so where year, month or day turn.
const none = (count: number): null[] => Array<null>(count).fill(null);
const TIMES = [
  [365 * DAY, '{YYYY}', ...none(6), 1],
  [28 * DAY, '{MMM}', '\n{YYYY}', ...none(5), 1],
  [DAY, '{D} {MMM}', '\n{YYYY}', ...none(5), 1],
  [60, '{HH}:{mm}', '\n{D} {MMM} {YYYY}', null, '\n{D} {MMM}', ...none(3), 1],
  [1, '{HH}:{mm}:{ss}', '\n{D} {MMM} {YYYY}', null, '\n{D} {MMM}', ...none(3), 1],
  [0.001, ':{ss}.{fff}', '\n{HH}:{mm}', null, '\n{HH}:{mm}', null, '\n{HH}:{mm}', null, 1],
];

export function timeAxis(extra: uPlot.Axis = {}): uPlot.Axis {
  return axis({ values: TIMES as uPlot.Axis.Values, space: 70, ...extra });
}
