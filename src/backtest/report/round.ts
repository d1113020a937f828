/** Six digits are more than a chart shows; null where there is no number. */
export function round(value: number | undefined): number | null {
  if (value === undefined || !Number.isFinite(value)) return null;
  return Number(value.toPrecision(6));
}
