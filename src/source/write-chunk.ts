import type { Writable } from 'node:stream';

/**
 * Resolves when the stream has worked through the chunk, or has closed: a stream that fails on a
 * chunk need not call back. `stream.errored` tells which.
 */
export function writeChunk(stream: Writable, chunk: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('close', done);
      resolve();
    };
    stream.once('close', done);
    stream.write(chunk, done);
  });
}
