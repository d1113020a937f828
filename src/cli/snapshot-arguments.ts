/** What the snapshot commands have in common. */
import type { Argv } from 'yargs';
import type { Snapshot } from '../daemon/snapshots.ts';
import { bytesText, numberText, timeText } from './inspect/cells.ts';
import { configuredStateDir } from './state-dir.ts';

export interface StateArguments {
  state: string | undefined;
  config: string | undefined;
}

export function located<T>(y: Argv<T>): Argv<T & StateArguments> {
  return y.option('state', { type: 'string', describe: 'State directory' }).option('config', {
    type: 'string',
    conflicts: 'state',
    describe: 'Configuration that names it; with neither: as a daemon that is told nothing',
  }) as Argv<T & StateArguments>;
}

export function named<T>(y: Argv<T>): Argv<T & { name: string }> {
  return y.positional('name', {
    type: 'string',
    demandOption: true,
    describe: 'Letters, digits and . _ -',
  }) as Argv<T & { name: string }>;
}

export function stateDir({ state, config }: StateArguments): string {
  return state ?? configuredStateDir(config);
}

export function snapshotText({ name, takenMs, end, series, bytes }: Snapshot): string {
  return (
    `${name}, taken ${timeText(takenMs)}: ${numberText(series)} series, ` +
    `next entry ${numberText(end)}, ${bytesText(bytes)}`
  );
}
