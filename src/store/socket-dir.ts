import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** The kernel takes 108 bytes on Linux, 104 on others; names are up to 26 long. */
const PATH_BYTES_MAX = 100;
const NAME_BYTES_MAX = 28;

/**
 * Where a directory's sockets are, under paths that are short enough. On Linux a long directory is
 * reached by an open descriptor of it; elsewhere a directory among the temporary files stands for it.
 */
export class SocketDir {
  /** For reading and renaming. */
  readonly dir: string;
  readonly #short: string;
  readonly #fd: number | undefined;

  /** @throws Error of the file system */
  constructor(dir: string) {
    const path = resolve(dir);
    this.dir = path;
    this.#short = path;
    if (Buffer.byteLength(path) + NAME_BYTES_MAX <= PATH_BYTES_MAX) return;
    if (process.platform === 'linux') {
      this.#fd = openSync(path, 'r');
      this.#short = `/proc/self/fd/${this.#fd}`;
      return;
    }
    const { dev, ino } = statSync(path);
    const name = createHash('sha256').update(`${dev} ${ino}`).digest('hex').slice(0, 16);
    this.dir = join(tmpdir(), `foretide-${name}`);
    this.#short = this.dir;
    mkdirSync(this.dir, { recursive: true, mode: 0o700 });
  }

  /** For `listen` and `connect`. */
  path(name: string): string {
    return join(this.#short, name);
  }

  readonly release = (): void => {
    if (this.#fd !== undefined) closeSync(this.#fd);
  };
}
