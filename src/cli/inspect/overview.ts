/** What a state directory holds, without loading a single state. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readSeries } from '../../daemon/known-series.ts';
import { listSnapshots, type Snapshot } from '../../daemon/snapshots.ts';
import { type JournalExtent, journalExtent } from '../../journal/extent.ts';
import { STATE_FORMAT } from '../../store/format.ts';
import { type MemberSummary, readHeads, type StateHead } from '../../store/heads.ts';
import type { Holder } from '../../store/lock.ts';
import { outboxDepths, type SinkDepth } from '../../store/outbox-depth.ts';
import { type ReadStore, storeFile } from '../../store/read-store.ts';
import { TABLES, type TableName } from '../../store/tables.ts';

export interface Overview {
  readonly dir: string;
  readonly format: number;
  /** The daemon that runs on it. */
  readonly daemon: Holder | 'silent' | null;
  /** Of the store's file, and what its tables take of it. */
  readonly bytes: number;
  readonly tables: readonly {
    readonly name: TableName;
    readonly entries: number;
    readonly bytes: number;
  }[];
  readonly journal: JournalExtent | null;
  readonly outbox: readonly SinkDepth[] | null;
  readonly snapshots: readonly Snapshot[];
  /** Stores that were written anew since they were damaged. */
  readonly replaced: readonly string[];
  /** What cannot be read, in words. */
  readonly damaged: readonly string[];
  readonly series: readonly SeriesRow[];
}

/** null: not known, or nothing is saved yet. */
export interface SeriesRow extends Omit<MemberSummary, 'learned'> {
  readonly name: string;
  readonly stream: string;
  readonly learned: number | null;
  readonly savedMs: number | null;
  /** The newest journal entry that its state holds, and how many came after it. */
  readonly offset: number | null;
  readonly after: number | null;
  /** Of its state; of one that several series share, its part. */
  readonly bytes: number | null;
}

export function readOverview(dir: string, { store, holder }: ReadStore): Overview {
  const damaged: string[] = [];
  const attempt = <T>(what: string, read: () => T): T | null => {
    try {
      return read();
    } catch (error) {
      damaged.push(`${what}: ${(error as Error).message}`);
      return null;
    }
  };
  const journal = attempt('what the journal knows of itself', () => journalExtent(store));
  const heads = readHeads(store, (id, reason) => damaged.push(`head of state ${id}: ${reason}`));
  const known = readSeries(store, { onLoss: (text) => damaged.push(text.replace(/; it .*$/, '')) });
  const byMember = memberHeads(heads);
  return {
    dir,
    format: STATE_FORMAT,
    daemon: holder ?? null,
    bytes: statSync(storeFile(dir)).size,
    tables: TABLES.map((name) => {
      return { name, entries: store.count(name), bytes: store.size(name) };
    }),
    journal,
    outbox: attempt('the outbox', () => outboxDepths(store)),
    snapshots: listSnapshots(dir),
    replaced: readdirSync(dir)
      .filter((name) => name.startsWith('damaged-'))
      .toSorted()
      .map((name) => join(dir, name)),
    damaged,
    series: known.series.map(({ id, name, stream }) => ({
      ...{ id, name, stream },
      ...rowOf(byMember.get(id), journal?.end),
    })),
  };
}

/** Reads every value of the store. @returns what is damaged, in words */
export function checkValues({ store }: ReadStore): string[] {
  const damaged: string[] = [];
  for (const table of TABLES) {
    for (const key of store.keys(table)) {
      try {
        store.get(table, key);
      } catch (error) {
        damaged.push(`${table} ${JSON.stringify(key)}: ${(error as Error).message}`);
      }
    }
  }
  return damaged;
}

interface MemberHead {
  readonly head: StateHead;
  readonly member: MemberSummary;
}

function memberHeads(heads: ReadonlyMap<number, StateHead>): Map<number, MemberHead> {
  const all = new Map<number, MemberHead>();
  for (const head of heads.values()) {
    for (const member of head.summary.members) all.set(member.id, { head, member });
  }
  return all;
}

function rowOf(
  found: MemberHead | undefined,
  end: number | undefined,
): Omit<SeriesRow, 'id' | 'name' | 'stream'> {
  if (!found) {
    const nothing = { newestMs: null, learned: null, skill: null, coverage: null };
    return { ...nothing, savedMs: null, offset: null, after: null, bytes: null };
  }
  const { head, member } = found;
  const { newestMs, learned, skill, coverage } = member;
  return {
    ...{ newestMs, learned, skill, coverage },
    savedMs: head.savedMs,
    offset: head.offset,
    after: end === undefined ? null : Math.max(0, end - 1 - head.offset),
    bytes: Math.round(head.bytes / head.summary.members.length),
  };
}
