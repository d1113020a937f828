#!/usr/bin/env node
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { backtestCommand } from './cli/backtest.ts';
import { checkCommand } from './cli/check.ts';
import { demoCommand } from './cli/demo.ts';
import { docsCommand } from './cli/docs.ts';
import { EXIT, exitWith } from './cli/exit.ts';
import { initCommand } from './cli/init.ts';
import { inspectCommand } from './cli/inspect.ts';
import { replayCommand } from './cli/replay.ts';
import { runCommand } from './cli/run.ts';
import { snapshotCommand } from './cli/snapshot.ts';
import { weightsCommand } from './cli/weights.ts';
import { VERSION } from './observe/version.ts';

await yargs(hideBin(process.argv))
  .scriptName('foretide')
  .version(VERSION)
  .usage('$0 <command>\n\nOnline forecasts for MQTT streams, written to InfluxDB.')
  .command(initCommand)
  .command(runCommand)
  .command(replayCommand)
  .command(backtestCommand)
  .command(checkCommand)
  .command(inspectCommand)
  .command(snapshotCommand)
  .command(weightsCommand)
  .command(demoCommand)
  .command(docsCommand)
  .completion('completion', 'Print a completion script for bash or zsh')
  .epilogue(
    'Exit codes: 0 done · 1 defect · 2 bad usage or configuration · 3 unreachable · 4 unwritten points · 5 state directory unusable',
  )
  .demandCommand(1, 'Name a command.')
  .strictCommands()
  .strict()
  .alias({ help: 'h', version: 'v' })
  .recommendCommands()
  .wrap(100)
  .fail((message, error) => {
    if (error) exitWith(error);
    const what = message.startsWith('Not enough non-option') ? 'Something is missing.' : message;
    console.error(`${what}\n\nSee foretide --help, or foretide <command> --help.`);
    process.exit(EXIT.usage);
  })
  .parseAsync()
  .catch(exitWith);
