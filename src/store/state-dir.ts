import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { stateError } from './state-error.ts';

/** What is written to see whether that can be done. */
const PROBE_BYTES = 64 << 10;

/**
 * Makes the directory, for its owner alone, where there is none, and tries to write in it.
 * @throws StateError
 */
export function prepareDir(dir: string): void {
  try {
    makeDir(resolve(dir));
  } catch (error) {
    throw stateError(dir, 'create', error);
  }
  try {
    probe(dir);
  } catch (error) {
    throw stateError(dir, 'write in', error);
  }
}

/** Part by part: as one call, Node tells "no such file" on a read-only file system. */
function makeDir(dir: string): void {
  if (existsSync(dir)) {
    statSync(join(dir, '.'));
    return;
  }
  makeDir(dirname(dir));
  try {
    mkdirSync(dir, { mode: 0o700 });
  } catch (error) {
    // Another process was quicker.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Writes a little and removes it. @throws Error of the file system */
export function probe(dir: string): void {
  const path = join(dir, `.probe-${process.pid}`);
  try {
    writeDurably(path, Buffer.alloc(PROBE_BYTES));
  } finally {
    removeIfThere(path);
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
