import type { Environment } from '../config/environment.ts';
import { ConfigError, loadConfig } from '../config/load.ts';
import { printConfig } from '../config/print.ts';
import type { Command } from './command.ts';
import { EXIT } from './exit.ts';

interface CheckArguments {
  config: string;
  json: boolean;
}

/** What the command prints, and the code it ends with. */
export interface CheckResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

export const command: Command<CheckArguments> = {
  builder: (y) =>
    y
      .positional('config', {
        type: 'string',
        demandOption: true,
        describe: 'Configuration (YAML)',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON in place of YAML' })
      .example('$0 check site.yaml', 'Faults on standard error and exit code 2, or the defaults'),
  handler: (argv) => {
    const { stdout, stderr, exitCode } = check(argv.config, argv.json, process.env);
    process.stdout.write(stdout);
    process.stderr.write(stderr);
    process.exitCode = exitCode;
  },
};

export function check(path: string, json: boolean, env: Environment): CheckResult {
  try {
    const stdout = printConfig(loadConfig(path, env), json ? 'json' : 'yaml');
    return { stdout, stderr: '', exitCode: EXIT.done };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const count = error.faults.length === 1 ? '1 fault' : `${error.faults.length} faults`;
    return { stdout: '', stderr: `${error.message}\n${path}: ${count}\n`, exitCode: EXIT.usage };
  }
}
