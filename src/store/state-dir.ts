import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { stateError } from './state-error.ts';

/** What a start writes to see whether it can. */
const PROBE_BYTES = 64 << 10;

/**
 * Makes the directory, for its owner alone, where there is none, and tries to write in it.
 * @throws StateError
 */
export function prepareDir(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    statSync(join(dir, '.'));
  } catch (error) {
    throw stateError(dir, 'create', error);
  }
  const probe = join(dir, `.probe-${process.pid}`);
  try {
    writeDurably(probe, Buffer.alloc(PROBE_BYTES));
  } catch (error) {
    throw stateError(dir, 'write in', error);
  } finally {
    removeIfThere(probe);
  }
}

/** All of it or nothing, whenever the power fails. @throws Error of the file system */
export function replaceFile(path: string, text: string): void {
  const next = `${path}.new`;
  writeDurably(next, Buffer.from(text));
  renameSync(next, path);
  syncDir(join(path, '..'));
}

/** @throws Error of the file system */
export function syncDir(dir: string): void {
  const fd = openSync(dir, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

export function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function writeDurably(path: string, bytes: Buffer): void {
  const fd = openSync(path, 'w', 0o600);
  try {
    let done = 0;
    while (done < bytes.length) done += writeSync(fd, bytes, done);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
