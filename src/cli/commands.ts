import type { Argv } from 'yargs';
import type { Command } from './command.ts';

interface Entry {
  readonly name: string;
  /** With what has to follow the name. */
  readonly usage: string;
  /** For the list of commands alone. */
  mention(y: Argv): Argv;
  /** With its options, and all that it needs to run. */
  add(y: Argv): Promise<Argv>;
}

const COMMANDS: readonly Entry[] = [
  entry(
    'init [file]',
    'Listen to a broker, and write a configuration that fits what it says',
    () => import('./init.ts'),
  ),
  entry('run <config>', 'Run the daemon', () => import('./run.ts')),
  entry(
    'replay <file>',
    'Feed a recorded stream through the same pipeline, and say how the forecasts fared',
    () => import('./replay.ts'),
  ),
  entry(
    'backtest <files..>',
    'How good would the forecasts have been? One honest pass over recorded data',
    () => import('./backtest.ts'),
  ),
  entry(
    'check <config>',
    'Print every fault of a configuration, or the configuration with all defaults',
    () => import('./check.ts'),
  ),
  entry(
    'inspect <state>',
    'Show what a state directory holds; a daemon may go on meanwhile',
    () => import('./inspect.ts'),
  ),
  entry(
    'snapshot',
    'Save, list, restore and remove copies of the state',
    () => import('./snapshot.ts'),
  ),
  entry('weights', 'Exchange the weights of networks with Keras', () => import('./weights.ts')),
  entry(
    'demo',
    'Forecast this machine’s own vital signs, with everything built in',
    () => import('./demo.ts'),
  ),
  entry('docs', false, () => import('./docs.ts')),
];

/**
 * Adds all commands; only of those that the words name is the module loaded: the libraries of all
 * take seconds to load on a small machine.
 */
export async function addCommands(y: Argv, words: readonly string[]): Promise<Argv> {
  for (const command of COMMANDS) {
    if (words.includes(command.name)) await command.add(y);
    else command.mention(y);
  }
  return y;
}

/** Of the command that the words begin with; undefined: of none. */
export function usageOf(words: readonly string[]): string | undefined {
  return COMMANDS.find(({ name }) => name === words[0])?.usage;
}

function entry<U>(
  usage: string,
  describe: string | false,
  load: () => Promise<{ readonly command: Command<U> }>,
): Entry {
  return {
    name: usage.split(' ')[0]!,
    usage,
    mention: (y) => y.command({ command: usage, describe, handler: () => {} }),
    add: async (y) => y.command({ command: usage, describe, ...(await load()).command }),
  };
}
