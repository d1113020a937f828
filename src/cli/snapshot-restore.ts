import type { CommandModule } from 'yargs';
import { parseDurationMs } from '../config/duration.ts';
import { BACKUP, forget, type Restored, restoreSnapshot } from '../daemon/restore.ts';
import { findSnapshot, listSnapshots, type Snapshot } from '../daemon/snapshots.ts';
import { parseTimeMs } from '../decode/time.ts';
import { lockState } from '../store/lock.ts';
import { prepareDir } from '../store/state-dir.ts';
import { UserError } from './exit.ts';
import { timeText } from './inspect/cells.ts';
import { located, type StateArguments, snapshotText, stateDir } from './snapshot-arguments.ts';

interface RestoreArguments extends StateArguments {
  name: string | undefined;
  backup: boolean;
  'forget-since': string | undefined;
  'accept-gap': boolean;
}

export const restoreCommand: CommandModule<object, RestoreArguments> = {
  command: 'restore [name]',
  describe: 'Go back to a snapshot, or forget what was learned since a time; stop the daemon first',
  builder: (y) =>
    located(y)
      .positional('name', {
        type: 'string',
        describe: 'Snapshot; with --forget-since: by default the newest that was taken before',
      })
      .option('backup', {
        type: 'boolean',
        default: true,
        describe: `Keep what is there now, as snapshot ${BACKUP}<date>`,
      })
      .option('forget-since', {
        type: 'string',
        describe:
          'Keep what was learned since, but for samples from this time on: ISO 8601, or 2h ago as 2h',
      })
      .option('accept-gap', {
        type: 'boolean',
        default: false,
        describe: 'Go on where the journal between snapshot and now is not complete',
      })
      .example('$0 snapshot restore monday --config site.yaml', 'Be as on Monday')
      .example(
        '$0 snapshot restore --forget-since 2026-05-04T10:00Z',
        'As if no sample had come since',
      ),
  handler: restore,
};

async function restore(args: RestoreArguments): Promise<void> {
  const { name, backup, 'forget-since': forgetSince, 'accept-gap': acceptGap } = args;
  const dir = stateDir(args);
  if (forgetSince === undefined) {
    if (name === undefined) throw new UserError('name a snapshot, or a time with --forget-since');
    if (acceptGap) throw new UserError('--accept-gap: only with --forget-since');
    findSnapshot(dir, name);
    return locked(dir, async () => tellRestored(await restoreSnapshot(dir, name, { backup })));
  }
  const sinceMs = parseSince(forgetSince, Date.now());
  const from = name === undefined ? newestBefore(dir, sinceMs) : findSnapshot(dir, name);
  await locked(dir, async () => {
    const options = { backup, sinceMs, acceptGap };
    tellForgotten(await forget(dir, from.name, options), sinceMs);
  });
}

/** @throws StateError while a daemon runs */
async function locked(dir: string, work: () => Promise<void>): Promise<void> {
  prepareDir(dir);
  const lock = await lockState(dir);
  try {
    await work();
  } finally {
    await lock.release();
  }
}

/** @throws UserError */
function parseSince(text: string, nowMs: number): number {
  const timeMs = parseTimeMs(text, 'iso') ?? backBy(text, nowMs);
  if (timeMs === undefined) {
    throw new UserError(
      `--forget-since ${text}: write a time such as 2026-05-04T10:00:00Z, or how long ago: 2h, 1d`,
    );
  }
  if (timeMs > nowMs) {
    throw new UserError(`--forget-since ${text}: is in the future (${timeText(timeMs)})`);
  }
  return timeMs;
}

function backBy(text: string, nowMs: number): number | undefined {
  try {
    return nowMs - parseDurationMs(text);
  } catch {
    return undefined;
  }
}

/** What restoring has kept is not meant: it is of another past. */
function newestBefore(dir: string, sinceMs: number): Snapshot {
  const snapshots = listSnapshots(dir).filter(({ name }) => !name.startsWith(BACKUP));
  const found = snapshots.findLast(({ takenMs }) => takenMs < sinceMs);
  if (found) return found;
  const [oldest] = snapshots;
  const there = oldest
    ? `the oldest is ${oldest.name}, of ${timeText(oldest.takenMs)}`
    : 'there are none';
  throw new UserError(`no snapshot in ${dir} was taken before ${timeText(sinceMs)}: ${there}`);
}

function tellRestored({ snapshot, backup, dropped }: Restored): void {
  console.error(`restored snapshot ${snapshotText(snapshot)}`);
  tellBackup(backup);
  if (dropped === 0) return;
  const count = dropped === undefined ? 'steps, it is not known how many,' : `${dropped} steps`;
  const where = backup === undefined ? 'are gone' : 'are in that snapshot alone';
  console.error(`${count} that waited for a sink ${where}`);
}

function tellForgotten(done: Awaited<ReturnType<typeof forget>>, sinceMs: number): void {
  const { snapshot, backup, samples, states, changed, tainted, gap } = done;
  console.error(
    `forgot ${samples} samples since ${timeText(sinceMs)}; the next start learns what is left ` +
      `again, from snapshot ${snapshot.name} on (${states} states)`,
  );
  tellBackup(backup);
  if (gap > 0) console.error(`${gap} entries of the journal in between are missing`);
  if (changed > 0) {
    console.error(`${changed} states of the snapshot are of streams that have changed since`);
  }
  if (tainted > 0) {
    console.error(
      `warning: ${tainted} states of the snapshot hold samples from after that time; ` +
        'choose an older one to be rid of them',
    );
  }
}

function tellBackup(backup: string | undefined): void {
  if (backup !== undefined) console.error(`what was there is kept as snapshot ${backup}`);
}
