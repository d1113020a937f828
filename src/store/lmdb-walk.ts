/**
 * Goes through every page of an LMDB file that can be reached: all heads, places, sizes, keys in order
 * and within what their parents say, each page used once, counts as noted, the list of free pages
 * apart from the rest. What fits is visited even where its neighbour does not.
 */
import type { LmdbFile } from './lmdb-file.ts';
import {
  BRANCH,
  HEAD_BYTES,
  headFault,
  LEAF,
  Malformed,
  NODE_OVERFLOW,
  NODE_TREE,
  type Node,
  nodesFit,
  OVERFLOW,
  overflowPages,
  readNodes,
  readTree,
  TREE_BYTES,
  type Tree,
  u64,
} from './lmdb-page.ts';
import { PageLedger } from './page-ledger.ts';

const DEPTH_MAX = 32;

/** A value on its way: read only where it is wanted. */
export interface Entry {
  readonly key: Buffer;
  readonly size: number;
  /** Whether it has pages of its own. */
  readonly large: boolean;
  /** @throws Malformed, Error of the file system */
  readonly value: () => Buffer;
}

export interface Visitor {
  /** @param tree its name, or what it is in words */
  fault(tree: string, what: string): void;
  entry(tree: string, entry: Entry): void;
  /** A further page has been read; true: stop here. */
  enough?(): boolean;
}

interface Bounds {
  readonly from?: Buffer;
  readonly to?: Buffer;
}

interface Counts {
  branches: number;
  leaves: number;
  overflow: number;
  entries: number;
}

export const FREE_LIST = 'list of free pages';
export const ROOT = 'list of tables';

export class LmdbWalk {
  readonly #file: LmdbFile;
  readonly #visitor: Visitor;
  readonly #ledger: PageLedger;
  /** Entries that a table should have, by its name; as far as the list of tables can be read. */
  readonly expected = new Map<string, number>();

  constructor(file: LmdbFile, visitor: Visitor) {
    this.#file = file;
    this.#visitor = visitor;
    const { pageBytes, lastPage } = file.meta;
    this.#ledger = new PageLedger(Math.ceil(file.bytes / pageBytes), lastPage);
  }

  /** Whether it is known for sure what is free. */
  get freeKnown(): boolean {
    return this.#ledger.freeKnown;
  }

  run(): void {
    const { metaFault, meta } = this.#file;
    if (metaFault) this.#visitor.fault(ROOT, metaFault);
    this.#tree(FREE_LIST, meta.free, byNumber, (entry) => this.#ledger.addFree(entry.value()));
    const trees: [string, Tree][] = [];
    this.#tree(ROOT, meta.main, byBytes, (entry, flags) => {
      const bytes = entry.value();
      if (flags !== NODE_TREE || bytes.length !== TREE_BYTES) throw new Malformed('not of a table');
      trees.push([entry.key.toString('latin1').replace(/\0$/, ''), readTree(bytes)]);
    });
    for (const [name, tree] of trees) {
      this.expected.set(name, tree.entries);
      if (tree.flags !== 0) this.#visitor.fault(name, `unknown flags ${tree.flags}`);
      this.#tree(name, tree, byBytes, (entry) => this.#visitor.entry(name, entry));
    }
    const end = this.#enough() ? undefined : this.#ledger.endFault();
    if (end) this.#visitor.fault(ROOT, end);
  }

  /** Leaves that no tree leads to and that are not free: their parents are damaged. */
  *lostLeaves(): Generator<Entry> {
    for (const number of this.#ledger.lost()) {
      try {
        const page = this.#file.page(number);
        if (headFault(page, number, LEAF, this.#file.meta.txn)) continue;
        for (const node of readNodes(page, LEAF)) if (node) yield this.#entry(node);
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
      }
    }
  }

  #enough(): boolean {
    return this.#visitor.enough?.() === true;
  }

  #tree(
    name: string,
    tree: Tree,
    compare: Compare,
    visit: (entry: Entry, flags: number) => void,
  ): void {
    const counts: Counts = { branches: 0, leaves: 0, overflow: 0, entries: 0 };
    const fault = (what: string): void => {
      if (name === FREE_LIST) this.#ledger.freeKnown = false;
      this.#visitor.fault(name, what);
    };
    const descend = (number: number, level: number, bounds: Bounds): void => {
      if (this.#enough()) return;
      const kind = level === tree.depth ? LEAF : BRANCH;
      const nodes = this.#guarded(fault, number, () => this.#page(number, kind, fault));
      if (!nodes) return;
      if (kind === BRANCH) counts.branches++;
      else counts.leaves++;
      checkOrder(nodes, kind, bounds, compare, (what) => fault(`page ${number}: ${what}`));
      if (kind === LEAF) {
        for (const node of nodes) {
          if (!node) continue;
          counts.entries++;
          const large = (node.flags & NODE_OVERFLOW) !== 0;
          const pages = large
            ? this.#guarded(fault, number, () => this.#claimOverflow(node, fault))
            : 0;
          counts.overflow += pages ?? 0;
          const entry = pages === undefined ? withoutValue(node) : this.#entry(node);
          this.#guarded(fault, number, () => visit(entry, node.flags & ~NODE_OVERFLOW));
        }
        return;
      }
      for (const [i, node] of nodes.entries()) {
        if (!node) continue;
        const from = i === 0 ? bounds.from : node.key;
        descend(node.child, level + 1, { from, to: nodes[i + 1]?.key ?? bounds.to });
      }
    };
    if (tree.root === undefined) {
      if (tree.depth !== 0 || tree.entries !== 0) fault('no root, but entries');
      return;
    }
    if (tree.depth < 1 || tree.depth > DEPTH_MAX) return fault(`depth ${tree.depth}`);
    descend(tree.root, 1, {});
    if (this.#enough()) return;
    for (const what of ['branches', 'leaves', 'overflow', 'entries'] as const) {
      if (counts[what] !== tree[what]) fault(`${counts[what]} ${what}, but ${tree[what]} noted`);
    }
  }

  #page(
    number: number,
    kind: number,
    fault: (what: string) => void,
  ): readonly (Node | undefined)[] {
    const first = this.#ledger.use(number, 1);
    if (!first) fault(`page ${number} is there twice`);
    const page = this.#file.page(number);
    const head = headFault(page, number, kind, this.#file.meta.txn);
    if (head) fault(`page ${number}: ${head}`);
    // A branch that was met before would be gone through again and again.
    if (!first && kind === BRANCH) throw new Malformed('is there twice');
    const nodes = readNodes(page, kind);
    if (!nodesFit(page, nodes)) fault(`page ${number}: its nodes do not fit together`);
    if (nodes.length < (kind === BRANCH ? 2 : 1)) fault(`page ${number}: ${nodes.length} nodes`);
    return nodes;
  }

  #claimOverflow(node: Node, fault: (what: string) => void): number {
    const number = u64(node.data, 0);
    const count = u64(node.data, 16);
    // More than it takes, where a shorter value came after a longer one.
    if (count < overflowPages(node.size, this.#file.meta.pageBytes)) {
      throw new Malformed(`${count} pages for ${node.size} bytes`);
    }
    if (!this.#ledger.use(number, count)) fault(`page ${number} is there twice`);
    const page = this.#file.page(number);
    const head = headFault(page, number, OVERFLOW, this.#file.meta.txn);
    if (head) fault(`page ${number}: ${head}`);
    if (page.readUInt32LE(20) !== count) fault(`page ${number}: another length`);
    return count;
  }

  #entry(node: Node): Entry {
    const { key, size, data } = node;
    if ((node.flags & NODE_OVERFLOW) === 0) return { key, size, large: false, value: () => data };
    const at = u64(data, 0) * this.#file.meta.pageBytes + HEAD_BYTES;
    return { key, size, large: true, value: () => this.#file.read(at, size) };
  }

  #guarded<T>(fault: (what: string) => void, page: number, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      const { message, code } = error as NodeJS.ErrnoException;
      if (!(error instanceof Malformed) && code !== 'EIO') throw error;
      fault(`page ${page}: ${message}`);
      return undefined;
    }
  }
}

function withoutValue({ key, size }: Node): Entry {
  const value = (): never => {
    throw new Malformed('its pages are damaged');
  };
  return { key, size, large: true, value };
}

type Compare = (a: Buffer, b: Buffer) => number;

const byBytes: Compare = (a, b) => Buffer.compare(a, b);

const byNumber: Compare = (a, b) => {
  if (a.length !== 8 || b.length !== 8) throw new Malformed('a key that is no number');
  return u64(a, 0) - u64(b, 0);
};

function checkOrder(
  nodes: readonly (Node | undefined)[],
  kind: number,
  { from, to }: Bounds,
  compare: Compare,
  fault: (what: string) => void,
): void {
  let before: Buffer | undefined;
  try {
    for (const [i, node] of nodes.entries()) {
      // The first key of a branch stands for all that is smaller.
      if (!node || (kind === BRANCH && i === 0)) continue;
      const { key } = node;
      if (before && compare(before, key) >= 0) return fault('keys out of order');
      if ((from && compare(from, key) > 0) || (to && compare(key, to) >= 0)) {
        return fault('keys that belong elsewhere');
      }
      before = key;
    }
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    fault(error.message);
  }
}
