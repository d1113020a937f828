/**
 * Tells when the content of a file has changed. It is looked at once a second, through all links, and
 * no notices of the system are waited for: editors put another file in its place, Kubernetes swaps a
 * link two folders up, and network drives and bind mounts send none.
 */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';

const LOOK_MS = 1_000;

export class ConfigWatch {
  readonly #path: string;
  readonly #changed: () => void;
  /** Digest of what was told last. */
  #known: string | undefined;
  /** As the file looked last; what it holds is read when that has been so for two looks. */
  #look: string | undefined;
  #settled = true;
  #timer: NodeJS.Timeout | undefined;

  constructor(path: string, changed: () => void) {
    this.#path = path;
    this.#changed = changed;
  }

  /** @param digest of what is known already */
  start(digest: string | undefined): void {
    this.#known = digest;
    this.#settled = false;
    this.#schedule();
  }

  /** The content is known: it was read by another way. */
  knows(digest: string | undefined): void {
    this.#known = digest;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      void this.look().then(() => {
        if (this.#timer) this.#schedule();
      });
    }, LOOK_MS);
  }

  async look(): Promise<void> {
    const look = await lookOf(this.#path);
    if (look !== this.#look) {
      this.#look = look;
      this.#settled = false;
      return;
    }
    // Gone for a moment while another takes its place, or for good: what runs goes on.
    if (this.#settled || look === undefined) return;
    const digest = await digestOf(this.#path);
    if (digest === undefined) return;
    this.#settled = true;
    if (digest === this.#known) return;
    this.#known = digest;
    this.#changed();
  }
}

/** undefined: it cannot be looked at. */
async function lookOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch {
    return undefined;
  }
}

/** undefined: it cannot be read. */
export async function digestOf(path: string): Promise<string | undefined> {
  try {
    return createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  } catch {
    return undefined;
  }
}
