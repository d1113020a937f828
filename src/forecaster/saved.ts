/** @throws Error when what was saved is of other settings */
export function same(what: string, saved: string | number, wanted: string | number): void {
  if (saved === wanted) return;
  throw new Error(`saved forecaster: ${what} is "${saved}", but these settings need "${wanted}"`);
}
