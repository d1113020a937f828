#!/usr/bin/env node
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { addCommands } from './cli/commands.ts';
import { EXIT, exitWith } from './cli/exit.ts';
import { VERSION } from './observe/version.ts';

const words = hideBin(process.argv);
const cli = yargs(words);
await addCommands(cli, words);
await cli
  .scriptName('foretide')
  .version(VERSION)
  .usage('$0 <command>\n\nOnline forecasts for MQTT streams, written to InfluxDB.')
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
