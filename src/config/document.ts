/** A YAML file with the position of everything in it. */
import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  Scalar,
  visit,
  type YAMLMap,
} from 'yaml';

export type Path = readonly PropertyKey[];

/** Where a fault lies: line and column from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface DocumentFault extends Position {
  /** Keys and indices down to the place; empty where the tree says nothing. */
  readonly path: Path;
  readonly message: string;
}

/** What a text scalar is replaced by; `message` where that cannot be done. */
export type Substitute = (text: string) => { text: string; message?: string };

const BYTES_MAX = 1 << 20;
/** One slip can upset every line after it. */
const SYNTAX_FAULTS_MAX = 10;
const START: Position = { line: 1, column: 1 };

/** Anchors and merge keys are followed; nothing here throws on bad YAML. */
export class ConfigDocument {
  readonly #lines = new LineCounter();
  #doc: Document | undefined;
  /** Scalars that were replaced, with the text that the file has. */
  readonly #sources = new Map<unknown, Scalar>();
  readonly #faults: DocumentFault[] = [];

  constructor(text: string) {
    this.#doc = this.#guarded(() => this.#parse(text));
  }

  /** Whether the tree can be used. Duplicate keys are faults of a tree that can. */
  get usable(): boolean {
    return this.#doc !== undefined;
  }

  get faults(): readonly DocumentFault[] {
    return this.#faults;
  }

  /** Replaces text scalars (values, never keys, so that no value can bring keys of its own). */
  substitute(substitute: Substitute): void {
    if (!this.#doc) return;
    visit(this.#doc, {
      Scalar: (key, node, ancestors) => {
        if (key === 'key' || typeof node.value !== 'string') return;
        const { text, message } = substitute(node.value);
        if (message) this.#fault(node.range?.[0], message, pathOf([...ancestors, node]));
        if (text === node.value) return;
        const source = new Scalar(node.value);
        source.type = node.type;
        this.#sources.set(node, source);
        node.value = text;
      },
    });
  }

  /** The file as plain values; where they cannot be built it is not usable (the faults say why). */
  toPlain(): unknown {
    const plain = this.#guarded(() => {
      return { value: this.#doc?.toJS({ maxAliasCount: 100 }) as unknown };
    });
    if (!plain) this.#doc = undefined;
    return plain?.value;
  }

  /** The text that stands in the file where a variable was put in; `plain`: without quotes. */
  substituted(path: Path): { text: string; plain: boolean } | undefined {
    const source = this.#sources.get(this.#descend(path).node);
    return source && { text: String(source.value), plain: source.type === Scalar.PLAIN };
  }

  /** Position of the value (of its key, for a collection), or of the nearest thing around it. */
  locate(path: Path): Position {
    return this.#at(this.#descend(path).offset);
  }

  /** Position of a key of the map at `path`. */
  locateKey(path: Path, key: string): Position {
    const { node } = this.#descend(path);
    const pair = isMap(node) ? this.#pair(node, key) : undefined;
    return pair ? this.#at(startOf(pair.key)) : this.locate(path);
  }

  #parse(text: string): Document | undefined {
    if (Buffer.byteLength(text) > BYTES_MAX) {
      this.#fault(0, 'is larger than 1 MiB; that is no configuration');
      return undefined;
    }
    const doc = parseDocument(text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      merge: true,
    });
    const deep = doc.errors.find(({ code }) => code === 'RESOURCE_EXHAUSTION');
    if (deep) {
      this.#fault(deep.pos[0], 'is nested too deeply; flatten it');
      return undefined;
    }
    let broken = 0;
    for (const { code, message, pos } of [...doc.errors, ...doc.warnings]) {
      if (code === 'DUPLICATE_KEY') {
        this.#fault(pos[0], 'this key is given twice; remove one', keyPath(doc, pos[0]));
      } else if (broken++ < SYNTAX_FAULTS_MAX) {
        this.#fault(pos[0], `not valid YAML: ${message}`);
      }
    }
    if (doc.errors.some((error) => error.code !== 'DUPLICATE_KEY')) return undefined;
    return this.#checkNodes(doc) ? doc : undefined;
  }

  /** Whether all keys are plain and all aliases lead somewhere. */
  #checkNodes(doc: Document): boolean {
    const before = this.#faults.length;
    visit(doc, {
      Pair: (_key, { key }) => {
        if (!isScalar(key))
          this.#fault(startOf(key), 'a list or section cannot be a key; write text');
      },
      Alias: (_key, alias) => {
        if (alias.resolve(doc)) return;
        this.#fault(alias.range?.[0], `no anchor &${alias.source} stands before this; define it`);
      },
    });
    return this.#faults.length === before;
  }

  /** The yaml package recurses, and throws on what it takes for an attack. */
  #guarded<T>(build: () => T | undefined): T | undefined {
    try {
      return build();
    } catch (error) {
      if (error instanceof RangeError) this.#fault(0, 'is nested too deeply; flatten it');
      else if (!(error instanceof ReferenceError)) throw error;
      else if (this.#faults.length === 0)
        this.#fault(0, `cannot follow the aliases: ${error.message}`);
      return undefined;
    }
  }

  #fault(offset: number | undefined, message: string, path: Path = []): void {
    this.#faults.push({ ...this.#at(offset), path, message });
  }

  #at(offset: number | undefined): Position {
    if (offset === undefined) return START;
    const { line, col } = this.#lines.linePos(offset);
    return line < 1 ? START : { line, column: col };
  }

  /** The node at `path`, and the offset of what is nearest to it. */
  #descend(path: Path): { node: Node | undefined; offset: number | undefined } {
    let node = this.#resolve(this.#doc?.contents);
    let offset = startOf(node);
    for (const key of path) {
      let next: unknown;
      if (isMap(node)) {
        const pair = this.#pair(node, String(key));
        if (!pair) return { node: undefined, offset };
        next = pair.value;
        const empty = isScalar(next) && next.value === null && !next.source;
        offset = startOf(isScalar(next) && !empty ? next : pair.key);
      } else if (isSeq(node)) {
        next = node.items[Number(key)];
        if (next === undefined) return { node: undefined, offset };
        offset = startOf(next) ?? offset;
      }
      node = this.#resolve(next);
      if (!node) return { node: undefined, offset };
    }
    return { node, offset };
  }

  #pair(map: YAMLMap, key: string): Pair | undefined {
    for (const pair of map.items) {
      if (isScalar(pair.key) && String(pair.key.value) === key) return pair;
    }
    for (const pair of map.items) {
      if (!isScalar(pair.key) || pair.key.source !== '<<') continue;
      const merged = this.#resolve(pair.value);
      for (const item of isSeq(merged) ? merged.items : [merged]) {
        const source = this.#resolve(item);
        const found = isMap(source) && source !== map ? this.#pair(source, key) : undefined;
        if (found) return found;
      }
    }
    return undefined;
  }

  #resolve(node: unknown): Node | undefined {
    const target = isAlias(node) && this.#doc ? node.resolve(this.#doc) : node;
    return isMap(target) || isSeq(target) || isScalar(target) ? target : undefined;
  }
}

/** The path of the key that stands at an offset. */
function keyPath(doc: Document, offset: number): Path {
  let found: Path = [];
  visit(doc, {
    Pair: (_key, pair, ancestors) => {
      if (startOf(pair) !== offset) return;
      found = pathOf([...ancestors, pair]);
      return visit.BREAK;
    },
  });
  return found;
}

/** The way down a chain of nodes, as `visit` gives it. */
function pathOf(chain: readonly unknown[]): Path {
  return chain.flatMap((node, i): (string | number)[] => {
    const parent = chain[i - 1];
    if (isPair(node)) return [isScalar(node.key) ? String(node.key.value) : '?'];
    return isSeq(parent) ? [parent.items.indexOf(node)] : [];
  });
}

function startOf(node: unknown): number | undefined {
  if (isPair(node)) return startOf(node.key);
  return (node as Node | undefined | null)?.range?.[0];
}
