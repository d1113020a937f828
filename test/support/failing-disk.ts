/** A real file system in a file, which becomes read-only as one does when its disk fails. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MIB = 2 ** 20;

const all = new Set<FailingDisk>();
process.on('exit', () => {
  for (const disk of all) disk.remove();
});

export class FailingDisk {
  /** Where it is mounted. */
  readonly dir: string;
  readonly #root = mkdtempSync(join(tmpdir(), 'foretide-ext4-'));
  #mounted = false;
  #failed = false;

  /** @throws Error where this process may not mount, or the system has no ext4 */
  constructor(mib: number) {
    this.dir = mkdtempSync(join(this.#root, 'm-'));
    all.add(this);
    try {
      writeFileSync(this.#image, '');
      truncateSync(this.#image, mib * MIB);
      sh('mkfs.ext4', '-q', this.#image);
      this.#mount();
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  /** Why there can be none here; undefined: there can. */
  static get unavailable(): string | undefined {
    try {
      new FailingDisk(8).remove();
      return undefined;
    } catch (error) {
      return `no ext4 can be mounted: ${(error as Error).message.trim().split('\n').at(-1)}`;
    }
  }

  /** For those who write. */
  get freeBytes(): number {
    if (this.#failed) return 0;
    const { bavail, bsize } = statfsSync(this.dir);
    return bavail * bsize;
  }

  /** What the kernel does of itself on an I/O error: nothing is written from now on. */
  fail(): void {
    sh('mount', '-o', 'remount,abort', this.dir);
    this.#failed = true;
  }

  /** Checked and mounted anew; nobody may use it. */
  mend(): void {
    this.#unmount();
    try {
      sh('e2fsck', '-f', '-y', this.#image);
    } catch (error) {
      // 1: errors were corrected.
      if ((error as { status?: number }).status !== 1) throw error;
    }
    this.#mount();
  }

  /** Also while somebody has files open on it. */
  remove(): void {
    if (!all.delete(this)) return;
    this.#unmount('-l');
    rmSync(this.#root, { recursive: true, force: true });
  }

  #mount(): void {
    sh('mount', '-o', 'loop', this.#image, this.dir);
    this.#mounted = true;
    this.#failed = false;
  }

  #unmount(...how: string[]): void {
    if (this.#mounted) sh('umount', ...how, this.dir);
    this.#mounted = false;
  }

  get #image(): string {
    return join(this.#root, 'image');
  }
}

function sh(program: string, ...args: string[]): void {
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
  execFileSync(program, args, { stdio: 'pipe', env });
}
