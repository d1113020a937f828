import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { checkName } from './snapshots.ts';

/** Seen from src/daemon/ (tests) and dist/daemon/ alike: the program must be built. */
const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const OUTPUT_BYTES_MAX = 2 ** 20;

/**
 * `foretide snapshot save` in a process of its own: reading every page of the copy would hold up
 * whatever else this one has to do.
 * @throws Error with what it said
 */
export async function saveSnapshotApart(state: string, name: string): Promise<void> {
  checkName(name);
  const args = [MAIN, 'snapshot', 'save', name, '--state', state];
  await new Promise<void>((resolve, reject) => {
    execFile(process.execPath, args, { maxBuffer: OUTPUT_BYTES_MAX }, (error, _, stderr) => {
      if (!error) return resolve();
      const said = stderr.trim().replace(/^foretide: /, '');
      reject(new Error(said || error.message));
    });
  });
}
