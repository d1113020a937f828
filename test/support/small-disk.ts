/** A disk of some MiB in memory, which can be filled, and made read-only. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  truncateSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PAGE = 4_096;

/** Those that are mounted; whatever ends the process, none stays. */
const mounted = new Set<SmallDisk>();
process.on('exit', () => {
  for (const disk of mounted) disk.unmount();
});

export class SmallDisk {
  /** Where it is mounted. */
  readonly dir: string;

  /** @throws Error where this process may not mount, or the system has no tmpfs */
  constructor(mib: number) {
    this.dir = mkdtempSync(join(tmpdir(), 'foretide-disk-'));
    try {
      mount('-t', 'tmpfs', '-o', `size=${mib}m,mode=700`, 'tmpfs', this.dir);
    } catch (error) {
      rmSync(this.dir, { recursive: true });
      throw error;
    }
    mounted.add(this);
  }

  /** Why there can be none here; undefined: there can. */
  static get unavailable(): string | undefined {
    try {
      new SmallDisk(1).unmount();
      return undefined;
    } catch (error) {
      return `no disk can be mounted: ${(error as Error).message.trim().split('\n').at(-1)}`;
    }
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.dir);
    return bavail * bsize;
  }

  /** A ballast file takes all but `keepBytes`. */
  fill(keepBytes = 0): void {
    const fd = openSync(this.#ballast, 'a');
    const page = Buffer.alloc(PAGE, 0xb5);
    try {
      while (this.freeBytes > keepBytes) writeSync(fd, page);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(fd);
    }
  }

  /** The ballast goes. */
  clear(): void {
    if (!existsSync(this.#ballast)) return;
    // Where the file itself cannot go yet, its pages can.
    truncateSync(this.#ballast);
    unlinkSync(this.#ballast);
  }

  readOnly(on: boolean): void {
    mount('-o', `remount,${on ? 'ro' : 'rw'}`, this.dir);
  }

  /** Also while somebody has files open on it. */
  unmount(): void {
    if (!mounted.delete(this)) return;
    execFileSync('umount', ['-l', this.dir], { stdio: 'pipe' });
    rmSync(this.dir, { recursive: true, force: true });
  }

  get #ballast(): string {
    return join(this.dir, 'ballast');
  }
}

function mount(...args: string[]): void {
  execFileSync('mount', args, { stdio: 'pipe' });
}
