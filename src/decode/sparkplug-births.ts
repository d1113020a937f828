import type { Rejection } from './decoder.ts';
import { invalid } from './number-text.ts';
import type { Metric } from './sparkplug-payload.ts';

/** Nodes, devices and metrics that are remembered, over all of a stream. */
const KNOWN_MAX = 200_000;
const SEQS = 256;

/** Whom a message is of: `spBv1.0/GROUP/TYPE/NODE[/DEVICE]`. */
export interface Place {
  readonly group: string;
  readonly node: string;
  /** undefined: the node itself. */
  readonly device: string | undefined;
}

/** What a birth says of a metric, for the data that follow. */
export interface Definition {
  readonly name: string;
  readonly datatype: number;
}

interface Birth {
  readonly byAlias: ReadonlyMap<bigint, Definition>;
  readonly byName: ReadonlyMap<string, Definition>;
}

interface Node {
  /** By device; of the node itself under undefined. */
  readonly births: Map<string | undefined, Birth>;
  /** Of the node's birth and death: which session they belong to. */
  bdSeq: bigint | undefined;
  /** Of its newest message. */
  seq: number | undefined;
  /** Messages were missing: one may have been a birth with other aliases. */
  isDoubtful: boolean;
}

export function nodeName({ group, node }: Place): string {
  return `${group}/${node}`;
}

/** What is known of nodes and devices from their births. Bounded. */
export class Births {
  readonly #nodes = new Map<string, Node>();
  #known = 0;

  /**
   * Takes what a birth says; a node's own one also ends what was known of its devices.
   * @returns why it is not taken
   */
  born(place: Place, metrics: readonly Metric[]): Rejection | undefined {
    const node = this.#nodeOf(place);
    if (node && place.device === undefined) this.#dropAll(node);
    else if (node) this.#drop(node, place.device);
    const birth = birthOf(metrics);
    const size = sizeOf(birth);
    if (!node || this.#known + size > KNOWN_MAX) {
      return invalid('too_many', `more than ${KNOWN_MAX} nodes, devices and metrics in all`);
    }
    this.#known += size;
    node.births.set(place.device, birth);
    if (place.device === undefined) node.bdSeq = bdSeqOf(metrics);
    return undefined;
  }

  /** A death of an earlier session, which comes after the next birth, is none. */
  died(place: Place, metrics: readonly Metric[]): void {
    const node = this.#nodes.get(nodeName(place));
    if (!node) return;
    if (place.device !== undefined) {
      this.#drop(node, place.device);
      return;
    }
    const bdSeq = bdSeqOf(metrics);
    if (bdSeq === undefined || node.bdSeq === undefined || bdSeq === node.bdSeq) {
      this.#forget(place);
    }
  }

  /** undefined: no birth that is known has it. */
  find(place: Place, { alias, name }: Metric): Definition | undefined {
    const birth = this.#nodes.get(nodeName(place))?.births.get(place.device);
    if (alias !== undefined) return birth?.byAlias.get(alias);
    return name === undefined ? undefined : birth?.byName.get(name);
  }

  /** How many messages of the node are missing before this one, modulo 256. */
  missing(place: Place, seq: number): number {
    const node = this.#nodeOf(place);
    if (!node) return 0;
    const before = node.seq;
    node.seq = seq;
    if (before === undefined) return 0;
    const missing = (((seq - before - 1) % SEQS) + SEQS) % SEQS;
    if (missing > 0) node.isDoubtful = true;
    return missing;
  }

  /** Numbers begin anew with a node's birth. */
  restart(place: Place): void {
    const node = this.#nodes.get(nodeName(place));
    if (!node) return;
    node.seq = undefined;
    node.isDoubtful = false;
  }

  /** Whether messages of the node were missing since its birth. */
  isDoubtful(place: Place): boolean {
    return this.#nodes.get(nodeName(place))?.isDoubtful ?? false;
  }

  #nodeOf(place: Place): Node | undefined {
    const name = nodeName(place);
    const known = this.#nodes.get(name);
    if (known || this.#known >= KNOWN_MAX) return known;
    const node: Node = { births: new Map(), bdSeq: undefined, seq: undefined, isDoubtful: false };
    this.#nodes.set(name, node);
    this.#known++;
    return node;
  }

  #forget(place: Place): void {
    const name = nodeName(place);
    const node = this.#nodes.get(name);
    if (!node) return;
    this.#dropAll(node);
    this.#nodes.delete(name);
    this.#known--;
  }

  #dropAll(node: Node): void {
    for (const device of [...node.births.keys()]) this.#drop(node, device);
  }

  #drop(node: Node, device: string | undefined): void {
    const birth = node.births.get(device);
    if (!birth) return;
    this.#known -= sizeOf(birth);
    node.births.delete(device);
  }
}

function birthOf(metrics: readonly Metric[]): Birth {
  const byAlias = new Map<bigint, Definition>();
  const byName = new Map<string, Definition>();
  for (const { name, alias, datatype } of metrics) {
    if (name === undefined || datatype === undefined) continue;
    const definition = { name, datatype };
    byName.set(name, definition);
    if (alias !== undefined) byAlias.set(alias, definition);
  }
  return { byAlias, byName };
}

function sizeOf({ byName }: Birth): number {
  return 1 + byName.size;
}

function bdSeqOf(metrics: readonly Metric[]): bigint | undefined {
  const value = metrics.find(({ name }) => name === 'bdSeq')?.value;
  return value?.kind === 'integer' ? value.value : undefined;
}
