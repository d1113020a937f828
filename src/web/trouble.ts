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
      `Messages of QoS 0 lost before they could be taken: ${formatCount(source.dropped)}.`,
    );
  }
  for (const { name, available, waiting, dropped, rejected } of sinks) {
    if (!available)
      add('bad', `${name} takes nothing. Steps that wait for it: ${formatCount(waiting)}.`);
    if (dropped > 0)
      add('bad', `Steps given up for ${name}, as too many waited: ${formatCount(dropped)}.`);
    if (rejected > 0)
      add('warn', `Points that ${name} refused for good: ${formatCount(rejected)}.`);
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
    const lost = missing(account, report.rates);
    if (lost === 0) continue;
    add(
      'bad',
      `Samples of ${stream} that nothing accounts for: ${formatCount(Math.abs(lost))}. Please report this.`,
    );
  }
  return found;
}

/** Between the places where they are counted, samples are under way for so long at most. */
const UNDER_WAY_S = 2;

/** As `unaccounted`, but for what may well be on its way. */
export function missing(
  account: Readonly<StreamAccounting>,
  { receivedPerSecond }: PipelineReport['rates'],
): number {
  const count = unaccounted(account);
  return Math.abs(count) <= UNDER_WAY_S * receivedPerSecond ? 0 : count;
}

/** What nobody can account for: 0, or there is a defect. */
export function unaccounted(a: Readonly<StreamAccounting>): number {
  return a.received - a.learned - a.duplicate - a.late - a.invalid - a.filtered - a.pending;
}
