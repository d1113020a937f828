import type { StreamConfig } from '../config/schema.ts';

/** The series that trades become, and how each puts the trades of a step together. */
export const BAR_PARTS = {
  open: 'first',
  high: 'max',
  low: 'min',
  close: 'last',
  volume: 'sum',
} as const;

export type BarPart = keyof typeof BAR_PARTS;

const OF_PRICE: readonly BarPart[] = ['open', 'high', 'low', 'close'];
const OF_VOLUME: readonly BarPart[] = ['volume'];

/** Fields that a trade is read from; empty for a payload that is one number, the price. */
export function barFields({ price, volume }: NonNullable<StreamConfig['bars']>): string[] {
  return [price, volume].filter((field) => field !== undefined);
}

/** What a value of `field` is part of. */
export function barParts(
  { volume }: NonNullable<StreamConfig['bars']>,
  field: string,
): readonly BarPart[] {
  return field === volume ? OF_VOLUME : OF_PRICE;
}
