import { type Database, open, type RootDatabase } from 'lmdb';
import { type Key, TABLES, type TableName } from './tables.ts';

export type Tables = Readonly<Record<TableName, Database<Buffer, Key>>>;

/** @throws Error of LMDB */
export function openTables(
  path: string,
  options: { readonly readOnly?: boolean } = {},
): { readonly env: RootDatabase; readonly tables: Tables } {
  const env = open({
    path,
    noSubdir: false,
    encoding: 'binary',
    cache: false,
    maxDbs: TABLES.length,
    // A commit that has resolved is on the disk.
    overlappingSync: false,
    // Commits are ours to group. It would also start each with a promise that nobody gets, whose
    // rejection, on a full disk, ends the process.
    eventTurnBatching: false,
    ...(options.readOnly && { readOnly: true }),
  });
  const tables = TABLES.map((name) => [name, env.openDB({ name, encoding: 'binary' })]);
  return { env, tables: Object.fromEntries(tables) };
}
