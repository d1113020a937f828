/** received = learned + duplicate + late + invalid + filtered + pending, as a row with its signs. */
import type { StreamAccounting } from '../observe/accounting.ts';
import type { PipelineReport } from '../observe/http/api.ts';
import { formatCount } from './format.ts';
import type { TableColumn } from './table.ts';
import { missing, unaccounted } from './trouble.ts';

const PARTS = ['learned', 'duplicate', 'late', 'invalid', 'filtered', 'pending'] as const;

const MEANS: Readonly<Record<(typeof PARTS)[number], string>> = {
  learned: 'Became part of a step',
  duplicate: 'Had come before',
  late: 'Came when their step was closed',
  invalid: 'Could not be read, or are no credible numbers',
  filtered: 'Turned away by the configuration',
  pending: 'On their way, or held',
};

export const accountColumns: readonly TableColumn[] = [
  { label: 'Stream' },
  { label: 'Received', number: true },
  ...PARTS.map((part, i) => ({
    label: `${i === 0 ? '= ' : '+ '}${part}`,
    number: true,
    title: MEANS[part],
  })),
  { label: 'Adds up' },
];

export function accountCells(
  stream: string,
  account: Readonly<StreamAccounting>,
  rates: PipelineReport['rates'],
): string[] {
  const parts = PARTS.map((part) => formatCount(account[part]));
  return [stream, formatCount(account.received), ...parts, verdict(account, rates)];
}

function verdict(account: Readonly<StreamAccounting>, rates: PipelineReport['rates']): string {
  const lost = missing(account, rates);
  if (lost !== 0) return `✗ ${formatCount(Math.abs(lost))} ${lost > 0 ? 'missing' : 'too many'}`;
  const under = unaccounted(account);
  return under === 0 ? '✓ yes' : `✓ yes, ${formatCount(Math.abs(under))} on their way`;
}
