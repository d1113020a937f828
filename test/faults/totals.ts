import type { Counts } from './scenario.ts';

/** Adds what one part of a scenario has counted. */
export function addCounts(totals: Record<string, number>, counts: Counts): void {
  for (const [key, count] of Object.entries(counts)) totals[key] = (totals[key] ?? 0) + count;
}

/** The value that so large a share is not above; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
