import { type FileHandle, open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { SourceError } from './source.ts';
import { writeChunk } from './write-chunk.ts';

const CHUNK_BYTES = 64 * 1024;

/** A file read once from its start, unpacked where its content (not its name) says gzip. */
export class FileInput {
  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #size: number;
  #bytesRead = 0;

  private constructor(file: string, handle: FileHandle, size: number) {
    this.#file = file;
    this.#handle = handle;
    this.#size = size;
  }

  /** @throws SourceError when it is missing, a folder or not readable */
  static async open(file: string): Promise<FileInput> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(file);
      const stat = await handle.stat();
      if (stat.isDirectory()) throw Object.assign(new Error('is a folder'), { code: 'EISDIR' });
      return new FileInput(file, handle, stat.size);
    } catch (error) {
      await handle?.close();
      throw new SourceError(`${file}: ${explainOpen(error as NodeJS.ErrnoException)}`);
    }
  }

  /** Share of the file read so far, in bytes as they are on disk; undefined for a pipe. */
  progress(): number | undefined {
    return this.#size > 0 ? Math.min(1, this.#bytesRead / this.#size) : undefined;
  }

  /**
   * The content, unpacked. What comes before a fault is given out before the fault is thrown.
   * @throws SourceError when the gzip data are truncated or corrupt, or reading fails
   */
  async *chunks(): AsyncGenerator<Buffer> {
    const raw = this.#raw();
    const head = await readHead(raw);
    const rest = prepend(head, raw);
    yield* head[0] === 0x1f && head[1] === 0x8b ? gunzip(rest, this.#file) : rest;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async *#raw(): AsyncGenerator<Buffer> {
    for (;;) {
      const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
      const { bytesRead } = await this.#handle.read(buffer, 0, CHUNK_BYTES).catch((error) => {
        throw new SourceError(`${this.#file}: reading failed: ${error.message}`);
      });
      if (bytesRead === 0) return;
      this.#bytesRead += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }
}

function explainOpen(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOENT':
      return 'there is no such file; check the path';
    case 'EISDIR':
      return 'is a folder; name a file in it';
    case 'EACCES':
    case 'EPERM':
      return 'may not be read by this user; change its permissions';
    default:
      return `cannot be opened: ${error.message}`;
  }
}

/** At least the two bytes that tell gzip, where there are as many: a pipe may give one at a time. */
async function readHead(chunks: AsyncGenerator<Buffer>): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < 2) {
    const { value, done } = await chunks.next();
    if (done) break;
    head = head.length === 0 ? value : Buffer.concat([head, value]);
  }
  return head;
}

async function* prepend(head: Buffer, chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  yield* chunks;
}

/**
 * Fed chunk by chunk, since a failing stream drops what it has unpacked but not yet handed out:
 * here each chunk's output is out before the next goes in.
 */
async function* gunzip(chunks: AsyncIterable<Buffer>, file: string): AsyncGenerator<Buffer> {
  const stream = createGunzip();
  const output: Buffer[] = [];
  stream.on('data', (data: Buffer) => output.push(data));
  // Told by `errored` below; without a listener it would end the process.
  stream.on('error', () => {});
  const closed = new Promise<void>((resolve) => stream.once('close', resolve));
  try {
    for await (const chunk of chunks) {
      await writeChunk(stream, chunk);
      yield* output.splice(0);
      if (stream.errored) break;
    }
    if (!stream.errored) stream.end();
    await closed;
    yield* output.splice(0);
  } finally {
    stream.destroy();
  }
  if (stream.errored) throw new SourceError(`${file}: ${explainGzip(stream.errored)}`);
}

function explainGzip(error: NodeJS.ErrnoException): string {
  const before = 'what came before was read';
  if (error.code === 'Z_BUF_ERROR') {
    return `the gzip data end too early, so the file is incomplete; ${before}. Copy it again, or unpack what there is with "zcat"`;
  }
  return `the gzip data are damaged (${error.message}); ${before}. Copy the file again; "gzip -t" tests it`;
}
