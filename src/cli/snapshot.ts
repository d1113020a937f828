import type { CommandModule } from 'yargs';
import { listSnapshots, removeSnapshot, saveSnapshot } from '../daemon/snapshots.ts';
import type { Command } from './command.ts';
import { snapshotsText } from './inspect/overview-text.ts';
import { print } from './print.ts';
import {
  located,
  named,
  type StateArguments,
  snapshotText,
  stateDir,
} from './snapshot-arguments.ts';
import { restoreCommand } from './snapshot-restore.ts';

interface NameArguments extends StateArguments {
  name: string;
}

const saveCommand: CommandModule<object, NameArguments> = {
  command: 'save <name>',
  describe: 'Copy the state, while the daemon may go on',
  builder: (y) => named(located(y)).example('$0 snapshot save monday --config site.yaml', ''),
  handler: async (args) => {
    const snapshot = await saveSnapshot(stateDir(args), args.name);
    console.error(`saved snapshot ${snapshotText(snapshot)}`);
  },
};

const listCommand: CommandModule<object, StateArguments & { json: boolean }> = {
  command: 'list',
  describe: 'List snapshots, the oldest first',
  builder: (y) =>
    located(y).option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
  handler: async ({ json, ...args }) => {
    const snapshots = listSnapshots(stateDir(args));
    if (json) return print(`${JSON.stringify(snapshots, undefined, 2)}\n`);
    if (snapshots.length === 0) console.error(`no snapshots in ${stateDir(args)}`);
    else await print(`${snapshotsText(snapshots)}\n`);
  },
};

const removeCommand: CommandModule<object, NameArguments> = {
  command: 'remove <name>',
  describe: 'Delete a snapshot',
  builder: (y) => named(located(y)),
  handler: async (args) => {
    removeSnapshot(stateDir(args), args.name);
    console.error(`removed snapshot ${args.name}`);
  },
};

export const command: Command = {
  builder: (y) =>
    y
      .command(saveCommand)
      .command(listCommand)
      .command(restoreCommand)
      .command(removeCommand)
      .demandCommand(1, 'Say save, list, restore or remove.'),
  handler: () => {},
};
