#!/usr/bin/env node
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { addCommands, usageOf } from './cli/commands.ts';
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
    console.error(explain(message));
    process.exit(EXIT.usage);
  })
  .parseAsync()
  .catch(exitWith);

/** What yargs found wrong, for a person. */
function explain(message: string): string {
  const usage = usageOf(words);
  const see = usage ? `foretide ${words[0]} --help` : 'foretide --help';
  let what = message;
  if (message.startsWith('Not enough non-option')) {
    const isWhole = usage?.includes('<');
    what = `Something is missing${isWhole ? `: foretide ${usage}` : ` after ${words.join(' ')}`}`;
  } else if (message.startsWith('Did you mean')) {
    // Of subcommands it is the second.
    const given = words.filter((word) => !word.startsWith('-'));
    what = `Unknown command: ${given[usage ? 1 : 0]}. ${message}`;
  }
  return `${what}\n\nSee ${see}.`;
}
