import { createWriteStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { BacktestError } from './fault.ts';

/** A text file that is written piece by piece; packed where its name ends in .gz. */
export class TextFile {
  readonly path: string;
  readonly #target: Writable;
  readonly #end: Promise<void>;
  /** What went wrong; what is written after it is dropped. */
  failure: Error | undefined;

  /** @throws BacktestError when it cannot be written */
  static async open(path: string): Promise<TextFile> {
    try {
      await mkdir(dirname(path), { recursive: true });
      await (await open(path, 'w')).close();
      return new TextFile(path);
    } catch (error) {
      throw new BacktestError(`cannot write ${path}: ${(error as Error).message}`);
    }
  }

  private constructor(path: string) {
    this.path = path;
    const file = createWriteStream(path);
    this.#target = path.endsWith('.gz') ? createGzip({ level: 4 }) : file;
    if (this.#target !== file) this.#target.pipe(file);
    this.#end = finished(file);
    for (const stream of [file, this.#target]) {
      stream.on('error', (error: Error) => {
        this.failure ??= error;
        this.#target.destroy();
      });
    }
    this.#end.catch(() => {}); // told by `failure`
  }

  /** Resolves when there is room for more. */
  async write(text: string): Promise<void> {
    if (this.failure || text === '' || this.#target.write(text)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#target.off('drain', done).off('close', done);
        resolve();
      };
      this.#target.on('drain', done).on('close', done);
    });
  }

  /** @throws BacktestError when not everything could be written */
  async close(): Promise<void> {
    if (!this.failure) this.#target.end();
    await this.#end.catch((error) => {
      this.failure ??= error;
    });
    if (this.failure) {
      throw new BacktestError(`cannot write ${this.path}: ${this.failure.message}`);
    }
  }
}
