import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { LineProtocolSinkConfig } from '../config/schema.ts';
import type { SeriesPoints } from '../store/points.ts';
import { LineEncoder } from './line-protocol.ts';
import { type RejectedPoint, type Sink, SinkStartError, SinkUnavailable } from './sink.ts';

/** What the sink needs of an open file. */
export type OutputFile = Pick<FileHandle, 'write' | 'truncate' | 'sync' | 'close'>;

const EXIT_USAGE = 2;
/** A batch is written in pieces of about this size. */
const WRITE_CHARS = 1 << 20;
const BLOCK_BYTES = 1 << 16;

/**
 * A file of line protocol with times in ns, which is what `influx -import` and the servers take
 * when they are not told otherwise. Where a batch fails half way, the next attempt begins at the same
 * place, so that the file holds neither half a line nor a line twice.
 */
export class LineProtocolFile implements Sink {
  readonly name: string;
  readonly #path: string;
  readonly #file: OutputFile;
  /** A pipe or a device has no positions. */
  readonly #regular: boolean;
  readonly #encoder: LineEncoder;
  /** Bytes of the batches that were written whole. */
  #size = 0;
  #torn = false;

  /**
   * @param goOn after the last whole line of what is there, as the lines before are not written again
   * @throws SinkStartError when the file cannot be written
   */
  static async open(
    config: LineProtocolSinkConfig,
    actual: boolean,
    goOn = false,
  ): Promise<LineProtocolFile> {
    const { file: path, header } = config;
    try {
      await mkdir(dirname(path), { recursive: true });
      const file = await openOutput(path, goOn);
      const regular = (await file.stat()).isFile();
      const sink = new LineProtocolFile(path, file, { regular, actual });
      if (regular) sink.#size = await endOfLines(file);
      sink.#torn = goOn;
      if (header !== undefined && sink.#size === 0) await sink.#append(importHead(header));
      return sink;
    } catch (error) {
      throw new SinkStartError(`cannot write ${path}: ${ioReason(error)}`, EXIT_USAGE);
    }
  }

  constructor(path: string, file: OutputFile, options: { regular: boolean; actual: boolean }) {
    this.name = `file ${path}`;
    this.#path = path;
    this.#file = file;
    this.#regular = options.regular;
    this.#encoder = new LineEncoder({ actual: options.actual, precision: 'ns' });
  }

  async write(batch: readonly SeriesPoints[]): Promise<readonly RejectedPoint[]> {
    const rejected: RejectedPoint[] = [];
    const before = this.#size;
    try {
      let text = '';
      for (const points of batch) {
        const encoded = this.#encoder.encode([points]);
        rejected.push(...encoded.rejected);
        for (const line of encoded.lines) text += `${line}\n`;
        if (text.length < WRITE_CHARS) continue;
        await this.#append(text);
        text = '';
      }
      if (text !== '') await this.#append(text);
    } catch (error) {
      this.#size = before;
      throw new SinkUnavailable(`cannot write ${this.#path}: ${ioReason(error)}`);
    }
    return rejected;
  }

  async close(): Promise<void> {
    try {
      await this.#mend();
      if (this.#regular) await this.#file.sync();
    } catch (error) {
      throw new Error(`cannot finish ${this.#path}: ${ioReason(error)}`);
    } finally {
      await this.#file.close();
    }
  }

  /** Cuts off what a write that failed has left. */
  async #mend(): Promise<void> {
    if (this.#torn && this.#regular) await this.#file.truncate(this.#size);
    this.#torn = false;
  }

  async #append(text: string): Promise<void> {
    const bytes = Buffer.from(text, 'utf8');
    await this.#mend();
    this.#torn = true;
    for (let done = 0; done < bytes.length; ) {
      const position = this.#regular ? this.#size + done : null;
      const { bytesWritten } = await this.#file.write(bytes, done, bytes.length - done, position);
      done += bytesWritten;
    }
    this.#torn = false;
    this.#size += bytes.length;
  }
}

async function openOutput(path: string, goOn: boolean): Promise<FileHandle> {
  if (!goOn) return open(path, 'w');
  try {
    return await open(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return open(path, 'w');
  }
}

/** Where the last whole line ends; a killed process may have left a part of one behind it. */
async function endOfLines(file: FileHandle): Promise<number> {
  let { size: end } = await file.stat();
  const block = Buffer.alloc(BLOCK_BYTES);
  while (end > 0) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const { bytesRead } = await file.read(block, 0, end - start, start);
    const newline = block.lastIndexOf('\n', bytesRead - 1);
    if (bytesRead > 0 && newline >= 0) return start + newline + 1;
    end = start;
  }
  return 0;
}

/** What `influx -import` wants before the points. */
function importHead(database: string): string {
  const quoted = `"${database.replace(/["\\]/g, '\\$&')}"`;
  return `# DDL\nCREATE DATABASE ${quoted}\n\n# DML\n# CONTEXT-DATABASE: ${database}\n\n`;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'no permission',
  EPERM: 'no permission',
  EROFS: 'the file system is read-only',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is no folder',
  EPIPE: 'nobody reads the pipe any more',
};

function ioReason(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return REASONS[code] ? `${REASONS[code]} (${code})` : message;
}
