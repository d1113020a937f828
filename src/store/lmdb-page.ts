/**
 * Pages of an LMDB file as lmdb 3.5.6 writes them (liblmdb/mdb.c there; 64 bits, little-endian), read
 * without LMDB: LMDB follows whatever a damaged page says and dies of it; here every number is held
 * against the limits first.
 *
 *     page:  0 own number u64 | 8 txn u64 | 16 – u16 | 18 kind u16 | 20 lower u16 | 22 upper u16 | 24 body
 *     body:  places of nodes u16 … (lower = their bytes) | free | nodes (from `upper` to the page's end)
 *     node:  0 size or child u32 | 4 flags u16 (child's top bits in a branch) | 6 key size u16 | 8 key, data
 *     an overflow page has its count of pages (u32) at 20, and one value from 24 on, in one piece
 *     meta (pages 0 and 1, in turns), from 24: magic u32, version u32, –, map size u64, two trees, last
 *            page u64, txn u64
 *     tree:  0 – u32 | 4 flags u16 | 6 depth u16 | 8 branches u64, leaves, overflow, entries, root
 */
export const HEAD_BYTES = 24;
export const BRANCH = 1;
export const LEAF = 2;
export const OVERFLOW = 4;
const META = 8;
const NODE_HEAD_BYTES = 8;
/** The node's data is where an overflow page is to be found: page, txn, pages. */
export const NODE_OVERFLOW = 1;
/** The node's data is a tree. */
export const NODE_TREE = 2;
export const TREE_BYTES = 48;

const MAGIC = 0xbeefc0de;
const VERSION = 2;
const INTEGER_KEYS = 8;
const MAP_BYTES_MAX = 2 ** 47;

/** What the file says is impossible. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
}

export interface Tree {
  readonly flags: number;
  readonly depth: number;
  readonly branches: number;
  readonly leaves: number;
  readonly overflow: number;
  readonly entries: number;
  /** undefined: it is empty. */
  readonly root: number | undefined;
}

export interface Meta {
  readonly pageBytes: number;
  readonly free: Tree;
  readonly main: Tree;
  readonly lastPage: number;
  readonly txn: number;
  /** What LMDB would stumble over, though the rest may be right. */
  readonly fault: string | undefined;
}

export interface Node {
  readonly key: Buffer;
  readonly flags: number;
  /** Of a branch. */
  readonly child: number;
  /** Of a leaf: bytes of the value. */
  readonly size: number;
  /** Of a leaf: what stands in the node itself. */
  readonly data: Buffer;
}

/** Beyond 2^53 it is not exact, and beyond every limit. */
export function u64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32;
}

export function i64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readInt32LE(at + 4) * 2 ** 32;
}

export function readTree(bytes: Buffer, at = 0): Tree {
  const empty = i64(bytes, at + 40) === -1;
  return {
    flags: bytes.readUInt16LE(at + 4),
    depth: bytes.readUInt16LE(at + 6),
    branches: u64(bytes, at + 8),
    leaves: u64(bytes, at + 16),
    overflow: u64(bytes, at + 24),
    entries: u64(bytes, at + 32),
    root: empty ? undefined : u64(bytes, at + 40),
  };
}

/** @throws Malformed when nothing can be read by it */
export function readMeta(page: Buffer, number: number): Meta {
  const told = (what: string): string => `meta page ${number}: ${what}`;
  if (page.length < HEAD_BYTES + 144) throw new Malformed(told('the file ends in it'));
  const pageBytes = page.readUInt32LE(48);
  if (pageBytes < 512 || pageBytes > 65_536 || (pageBytes & (pageBytes - 1)) !== 0) {
    throw new Malformed(told(`pages of ${pageBytes} bytes`));
  }
  const free = readTree(page, 48);
  const main = readTree(page, 96);
  const meta = { pageBytes, free, main, lastPage: u64(page, 144), txn: u64(page, 152) };
  const what = metaFault(page, number, meta);
  return { ...meta, fault: what && told(what) };
}

function metaFault(page: Buffer, number: number, meta: Omit<Meta, 'fault'>): string | undefined {
  const { lastPage, pageBytes, free, main } = meta;
  const mapBytes = u64(page, 40);
  const bytes = (lastPage + 1) * pageBytes;
  if (u64(page, 0) !== number || page.readUInt16LE(18) !== META) return 'its head is not one';
  if (page.readUInt32LE(24) !== MAGIC || page.readUInt32LE(28) !== VERSION) return 'not of LMDB';
  if (lastPage < 1 || bytes > MAP_BYTES_MAX) return `last page ${lastPage}`;
  if (mapBytes < bytes || mapBytes > MAP_BYTES_MAX) return `a map of ${mapBytes} bytes`;
  if (u64(page, 32) !== 0) return 'a fixed address';
  if (free.flags !== INTEGER_KEYS || main.flags !== 0) return 'unknown flags';
  return undefined;
}

/**
 * What does not fit in a page's head, though what follows may be right.
 * @throws Malformed when it is another page: something older may stand there
 */
export function headFault(
  page: Buffer,
  number: number,
  kind: number,
  txnMax: number,
): string | undefined {
  if (u64(page, 0) !== number) throw new Malformed(`says to be page ${u64(page, 0)}`);
  if (page.readUInt16LE(18) !== kind) return `is of kind ${page.readUInt16LE(18)}`;
  return u64(page, 8) > txnMax ? 'is of a later transaction' : undefined;
}

/**
 * The nodes of a branch or leaf; those that reach over the page's edge are undefined.
 * @throws Malformed when there is no telling where they are
 */
export function readNodes(page: Buffer, kind: number): readonly (Node | undefined)[] {
  const lower = page.readUInt16LE(20);
  const upper = page.readUInt16LE(22);
  if (lower > upper || lower % 2 !== 0 || upper > page.length - HEAD_BYTES) {
    throw new Malformed(`nodes from ${lower} to ${upper}`);
  }
  return Array.from({ length: lower / 2 }, (_, i) => {
    const at = HEAD_BYTES + page.readUInt16LE(HEAD_BYTES + 2 * i);
    return at < HEAD_BYTES + upper ? undefined : readNode(page, at, kind);
  });
}

function readNode(page: Buffer, at: number, kind: number): Node | undefined {
  if (at + NODE_HEAD_BYTES > page.length) return undefined;
  const low = page.readUInt32LE(at);
  const flags = page.readUInt16LE(at + 4);
  const keyEnd = at + NODE_HEAD_BYTES + page.readUInt16LE(at + 6);
  const key = page.subarray(at + NODE_HEAD_BYTES, keyEnd);
  if (kind === BRANCH) {
    if (keyEnd > page.length) return undefined;
    return { key, flags: 0, child: low + flags * 2 ** 32, size: 0, data: page.subarray(0, 0) };
  }
  const dataEnd = keyEnd + ((flags & NODE_OVERFLOW) !== 0 ? 24 : low);
  if (dataEnd > page.length) return undefined;
  return { key, flags, child: 0, size: low, data: page.subarray(keyEnd, dataEnd) };
}

/** Whether the nodes fill their part of the page exactly; then no two lie on each other. */
export function nodesFit(page: Buffer, nodes: readonly (Node | undefined)[]): boolean {
  let bytes = 0;
  for (const node of nodes) {
    if (!node) return false;
    const size = NODE_HEAD_BYTES + node.key.length + node.data.length;
    bytes += size + (size % 2);
  }
  return bytes === page.length - HEAD_BYTES - page.readUInt16LE(22);
}

/** How many pages a value takes that stands on its own. */
export function overflowPages(size: number, pageBytes: number): number {
  return Math.floor((HEAD_BYTES - 1 + size) / pageBytes) + 1;
}
