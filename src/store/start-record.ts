import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from './state-dir.ts';

const FILE = 'start.json';

const schema = z.object({
  /** The last daemon stopped in good order. */
  clean: z.boolean(),
  /** It had run well for a while. */
  healthy: z.boolean(),
  /** Starts in a row before this one that died before they ran well. */
  deaths: z.int().nonnegative(),
  /** The store has been written anew because of them. */
  rebuilt: z.boolean(),
  /** There is a store. */
  store: z.boolean(),
});

type Content = z.infer<typeof schema>;

const FIRST: Content = { clean: true, healthy: true, deaths: 0, rebuilt: false, store: false };

/** A small file beside the store: how the last daemon ended, and how many starts died in a row. */
export class StartRecord {
  readonly #path: string;
  readonly #before: Content;
  #now: Content;

  /** Notes that a start is under way. @throws Error of the file system */
  constructor(dir: string) {
    this.#path = join(dir, FILE);
    this.#before = read(this.#path);
    const { clean, healthy, deaths } = this.#before;
    const died = !clean && !healthy;
    this.#now = { ...this.#before, clean: false, healthy: false, deaths: died ? deaths + 1 : 0 };
    if (!died) this.#now.rebuilt = false;
    this.#write();
  }

  get cleanBefore(): boolean {
    return this.#before.clean;
  }

  get storeBefore(): boolean {
    return this.#before.store;
  }

  get deaths(): number {
    return this.#now.deaths;
  }

  get rebuilt(): boolean {
    return this.#now.rebuilt;
  }

  /** @throws Error of the file system, as the others do */
  setRebuilt(): void {
    this.#now.rebuilt = true;
    this.#write();
  }

  setStore(): void {
    if (this.#now.store) return;
    this.#now.store = true;
    this.#write();
  }

  setHealthy(): void {
    this.#now = { ...this.#now, healthy: true, deaths: 0, rebuilt: false };
    this.#write();
  }

  setClean(): void {
    this.#now = { ...this.#now, clean: true, deaths: 0, rebuilt: false };
    this.#write();
  }

  /** This start is given up with a reason: that is no death. */
  undo(): void {
    this.#now = this.#before;
    this.#write();
  }

  #write(): void {
    replaceFile(this.#path, `${JSON.stringify(this.#now)}\n`);
  }
}

function read(path: string): Content {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { ...FIRST };
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    // It tells nothing, so look closely.
    return { ...FIRST, clean: false, store: true };
  }
}
