/** Small words for people. */

const LISTED_MAX = 4;
const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1_000, 's'],
] as const;

/** 15552 → `16s`: about two digits. */
export function roughly(ms: number): string {
  const [size, unit] = UNITS.find(([least]) => ms >= least) ?? [1, 'ms'];
  const count = ms / size;
  return `${count < 9.95 && size > 1 ? Number(count.toFixed(1)) : Math.round(count)}${unit}`;
}

export function listed(names: readonly string[]): string {
  const some = names.slice(0, LISTED_MAX).join(', ');
  const more = names.length - LISTED_MAX;
  return more > 0 ? `${some} and ${more} more` : some;
}

export function many(count: number, one: string, several = `${one}s`): string {
  return `${count} ${count === 1 ? one : several}`;
}
