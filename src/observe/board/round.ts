import type { Cell } from './history-ring.ts';

/**
 * Rounds values to decimals that show at least 1/`parts` of their span: what is finer is noise of how
 * they are kept, and costs bytes on the way to the page.
 */
export function roundTogether(columns: readonly (readonly Cell[])[], parts: number): Cell[][] {
  let [lo, hi] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const column of columns) {
    for (const value of column) {
      if (value === null) continue;
      if (value < lo) lo = value;
      if (value > hi) hi = value;
    }
  }
  const span = hi > lo ? hi - lo : Math.abs(hi);
  const decimals = span > 0 && Number.isFinite(span) ? Math.ceil(Math.log10(parts / span)) : 0;
  const scale = 10 ** Math.min(300, Math.max(0, decimals));
  return columns.map((column) => column.map((value) => rounded(value, scale)));
}

function rounded(value: Cell, scale: number): Cell {
  if (value === null) return null;
  const scaled = Math.round(value * scale);
  return Number.isFinite(scaled) ? scaled / scale : value;
}
