import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { Malformed, type Meta, readMeta, u64 } from './lmdb-page.ts';

/** Read at once, as neighbours are often wanted next. */
const BLOCK_BYTES = 1 << 16;
const BLOCKS_MAX = 256;
const PAGE_BYTES = [4_096, 16_384, 65_536, 8_192, 32_768];

interface Picked {
  readonly meta: Meta;
  readonly fault: string | undefined;
  readonly newest: boolean;
}

/** An LMDB file, read page by page and never mapped: a missing part is an error, not a signal. */
export class LmdbFile {
  readonly #fd: number;
  readonly bytes: number;
  readonly #blocks = new Map<number, Buffer>();
  #bytesRead = 0;
  readonly meta: Meta;
  /** What is wrong with its two meta pages. */
  readonly metaFault: string | undefined;
  /** Whether `meta` is of the newest commit for sure; else it may be of the one before. */
  readonly newest: boolean;

  /** @throws Malformed when neither meta page can be used; Error of the file system */
  constructor(path: string) {
    this.#fd = openSync(path, 'r');
    try {
      this.bytes = fstatSync(this.#fd).size;
      const { meta, fault, newest } = this.#pick();
      this.meta = meta;
      this.metaFault = fault;
      this.newest = newest || !fault;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** @throws Malformed when the file ends before it; Error of the file system */
  page(number: number): Buffer {
    const { pageBytes } = this.meta;
    const at = number * pageBytes;
    const block = this.#block(Math.floor(at / BLOCK_BYTES));
    const page = block.subarray(at % BLOCK_BYTES, (at % BLOCK_BYTES) + pageBytes);
    if (page.length < pageBytes) throw new Malformed('is beyond the end of the file');
    return page;
  }

  /** @throws Malformed when the file ends before; Error of the file system */
  read(at: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, this.bytes - at)));
    let done = 0;
    while (done < bytes.length) {
      const count = readSync(this.#fd, bytes, done, bytes.length - done, at + done);
      if (count === 0) break;
      done += count;
    }
    this.#bytesRead += done;
    if (done < length) throw new Malformed('is beyond the end of the file');
    return bytes;
  }

  #block(index: number): Buffer {
    const known = this.#blocks.get(index);
    if (known) return known;
    const at = index * BLOCK_BYTES;
    const block = this.read(at, Math.min(BLOCK_BYTES, Math.max(0, this.bytes - at)));
    const { value: oldest } = this.#blocks.keys().next();
    if (this.#blocks.size >= BLOCKS_MAX && oldest !== undefined) this.#blocks.delete(oldest);
    this.#blocks.set(index, block);
    return block;
  }

  #pick(): Picked {
    const first = this.#meta(0, 0);
    const places = first instanceof Error ? PAGE_BYTES : [first.pageBytes];
    const seconds = places.map((at) => this.#meta(1, at));
    const second = seconds.find((meta) => !(meta instanceof Error)) ?? seconds[0]!;
    if (first instanceof Error) {
      if (second instanceof Error) throw first;
      return { meta: second, fault: first.message, newest: false };
    }
    if (second instanceof Error) return { meta: first, fault: second.message, newest: false };
    return this.#newer(first, second);
  }

  /**
   * Metas are written in turns; that of a new file, and the first of a copy, are at 0. Each commit
   * writes the root of the list of tables, so its page tells which meta is newer, should they lie.
   */
  #newer(first: Meta, second: Meta): Picked {
    const fault = first.fault ?? second.fault;
    if (isInitial(second)) return { meta: first, fault, newest: !second.fault };
    if (isInitial(first)) return { meta: second, fault, newest: !first.fault };
    const [a, b] = [this.#rootTxn(first), this.#rootTxn(second)];
    const [newer, older] = a > b ? [first, second] : [second, first];
    const [newerTxn, olderTxn] = a > b ? [a, b] : [b, a];
    const apart =
      newer.pageBytes !== older.pageBytes ||
      newer.txn !== newerTxn ||
      older.txn !== newerTxn - 1 ||
      olderTxn > older.txn
        ? `meta pages of transactions ${first.txn} and ${second.txn}, their pages of ${a} and ${b}`
        : undefined;
    return {
      meta: { ...newer, txn: Math.max(newer.txn, newerTxn) },
      fault: fault ?? apart,
      newest: older.txn <= newerTxn && olderTxn === newerTxn - 1,
    };
  }

  /** 0 where it cannot be told. */
  #rootTxn({ main, pageBytes }: Meta): number {
    const { root } = main;
    if (root === undefined || (root + 1) * pageBytes > this.bytes) return 0;
    const head = this.read(root * pageBytes, 16);
    return u64(head, 0) === root ? u64(head, 8) : 0;
  }

  #meta(number: number, at: number): Meta | Error {
    try {
      return readMeta(this.read(at, Math.max(0, Math.min(512, this.bytes - at))), number);
    } catch (error) {
      if (error instanceof Malformed) return error;
      throw error;
    }
  }
}

function isInitial({ txn, main, free }: Meta): boolean {
  return txn === 0 && main.root === undefined && free.root === undefined;
}
