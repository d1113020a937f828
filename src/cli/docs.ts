import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { referenceFiles } from '../config/reference.ts';
import type { Command } from './command.ts';
import { UserError } from './exit.ts';

/** Both src/cli/ and dist/cli/ lie two levels below the package. */
const PACKAGE_DIR = fileURLToPath(new URL('../..', import.meta.url));

/** For developers: not in the list of commands. */
export const command: Command<{ check: boolean; dir: string }> = {
  builder: (y) =>
    y
      .usage('$0 docs\n\nWrite the reference page and the JSON Schema from the schema in the code.')
      .option('check', {
        type: 'boolean',
        default: false,
        describe: 'Write nothing; fail if a file is not current',
      })
      .option('dir', { type: 'string', default: PACKAGE_DIR, describe: 'Folder of the package' }),
  handler: ({ check, dir }) => {
    if (!check) return writeDocs(dir);
    const stale = staleDocs(dir);
    if (stale.length > 0) {
      throw new UserError(`not current: ${stale.join(', ')}; run "npm run docs"`);
    }
  },
};

export function writeDocs(dir: string): void {
  for (const [path, text] of referenceFiles()) {
    const file = join(dir, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    console.error(`wrote ${file}`);
  }
}

/** The generated files that are missing or differ from what the schema says. */
export function staleDocs(dir: string): string[] {
  return [...referenceFiles()]
    .filter(([path, text]) => read(join(dir, path)) !== text)
    .map(([path]) => path);
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
