/** How single values are shown. */
import { formatPercent } from '../../observe/table.ts';

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** In the largest unit that has two of it: `5m`, `40h`, `3d`. */
export function ageText(ms: number): string {
  for (const [unit, size] of UNITS) if (ms >= 2 * size) return `${Math.floor(ms / size)}${unit}`;
  return `${Math.max(0, Math.floor(ms / 1_000))}s`;
}

/** UTC, to the second. */
export function timeText(ms: number): string {
  const date = new Date(ms);
  // What no calendar has.
  if (Number.isNaN(date.getTime())) return `${ms}`;
  return date.toISOString().replace(/\.\d+Z$/, 'Z');
}

export function bytesText(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  const kib = bytes / 1_024;
  if (kib < 1_024) return `${kib.toFixed(kib < 10 ? 1 : 0)} KiB`;
  return `${(kib / 1_024).toFixed(1)} MiB`;
}

export function numberText(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : `${value}`;
}

export function percentText(share: number | null): string {
  return formatPercent(share ?? Number.NaN);
}
