/**
 * Where tests keep temporary files: one folder, gone after the run. In memory where there is room:
 * stores and servers sync often, and the disk of a test machine may take a second each time.
 */
import { mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
const ROOM_BYTES = 4 * 2 ** 30;

export function setup(): () => void {
  const dir = mkdtempSync(join(hasRoom() ? MEMORY : tmpdir(), 'foretide-tests-'));
  process.env.TMPDIR = dir;
  return () => rmSync(dir, { recursive: true, force: true });
}

function hasRoom(): boolean {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    // Packages are installed and run in it, too.
    const options = mountOptions(MEMORY);
    return bavail * bsize >= ROOM_BYTES && options !== undefined && !/\bnoexec\b/.test(options);
  } catch {
    return false;
  }
}

function mountOptions(dir: string): string | undefined {
  const lines = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  // Device, folder, type, options …
  return lines.map((line) => line.split(' ')).find((fields) => fields[1] === dir)?.[3];
}
