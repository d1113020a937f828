import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of a few MiB, to be filled or made read-only. */
export class SmallDisk {
  readonly dir = mkdtempSync(join(tmpdir(), 'foretide-disk-'));

  /** @throws Error where mounting is not allowed */
  constructor(mib: number) {
    try {
      run('mount', '-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', this.dir);
    } catch (error) {
      rmdirSync(this.dir);
      throw error;
    }
  }

  /** @param options `ro`, `rw`, `size=9m` */
  remount(options: string): void {
    run('mount', '-o', `remount,${options}`, this.dir);
  }

  unmount(): void {
    // Lazily: a test that failed may have left something open.
    run('umount', '-l', this.dir);
    rmdirSync(this.dir);
  }
}

/** Why tests cannot mount one here; undefined where they can. */
export function noSmallDisk(): string | undefined {
  try {
    new SmallDisk(1).unmount();
    return undefined;
  } catch (error) {
    return `a small disk cannot be mounted here: ${(error as Error).message}`;
  }
}

function run(command: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(error?.message ?? stderr.trim());
}
