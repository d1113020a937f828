/** What of the pipeline wants looking at, in words. */
import type { StreamAccounting } from '../observe/accounting.ts';
import type { PipelineReport } from '../observe/http/api.ts';
import { formatCount, formatPercent } from './format.ts';

export interface Trouble {
  readonly tone: 'bad' | 'warn';
  readonly text: string;
}

const FULL_FROM = 0.8;

export function troubles(report: PipelineReport): Trouble[] {
  const { source, sinks, state, accounting, paused, thinFactor } = report;
  const found: Trouble[] = [];
  const add = (tone: Trouble['tone'], text: string): void => void found.push({ tone, text });
  if (paused) add('warn', 'Paused: no messages are taken; the broker keeps what it can.');
  if (!source.connected && !paused) add('bad', 'No connection to the source: nothing comes in.');
  if (source.dropped > 0) {
    add(
      'warn',
      `${formatCount(source.dropped)} messages of QoS 0 were lost before they could be taken.`,
    );
  }
  for (const { name, available, waiting, dropped, rejected } of sinks) {
    if (!available) add('bad', `${name} takes nothing; ${formatCount(waiting)} steps wait for it.`);
    if (dropped > 0)
      add('bad', `${formatCount(dropped)} steps were given up for ${name}: too many waited.`);
    if (rejected > 0) add('warn', `${name} refused ${formatCount(rejected)} points for good.`);
  }
  if (state && state.journalFullness >= FULL_FROM) {
    add(
      'warn',
      `The journal is ${formatPercent(state.journalFullness)} full; at its limit the source has to wait.`,
    );
  }
  if (thinFactor > 1) {
    add('warn', `Overload: networks learn at one in ${formatCount(thinFactor)} of their updates.`);
  }
  for (const [stream, account] of Object.entries(accounting)) {
    const missing = unaccounted(account);
    if (missing === 0) continue;
    add(
      'bad',
      `${formatCount(Math.abs(missing))} samples of ${stream} are not accounted for. Please report this.`,
    );
  }
  return found;
}

/** What nobody can account for: 0, or there is a defect. */
export function unaccounted(a: Readonly<StreamAccounting>): number {
  return a.received - a.learned - a.duplicate - a.late - a.invalid - a.filtered - a.pending;
}
