/**
 * Whether there is room for a commit, before LMDB tries. Its own handling of a full disk is not to be
 * relied on: it writes the reason into 100 bytes (lmdb 3.5.6, mdb_page_flush), however long it is.
 */
import { statfsSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { seal } from './sealed.ts';
import { probe } from './state-dir.ts';
import { type Key, placeOf, type TableName } from './tables.ts';

/** Only to be used inside the callback of `commit`, which may be called again after a failure. */
export interface Writer {
  put(table: TableName, key: Key, bytes: Uint8Array): void;
  remove(table: TableName, key: Key): void;
}

/** One value to write, or to remove where it has no bytes. */
export interface Operation {
  readonly table: TableName;
  readonly key: Key;
  readonly sealed?: Buffer;
}

/** A page on the way to each value is written anew, and some more that are free. */
const PAGES_A_VALUE = 2;
const PAGE = 4_096;
const SPARE_BYTES = 512 << 10;
/** Of the text that LMDB has room for. */
const REASON_CHARS = 100;
const REASON = 'Attempting to write page';

export function operationsOf(
  group: readonly { readonly write: (writer: Writer) => void }[],
): Operation[] {
  const operations: Operation[] = [];
  const writer: Writer = {
    put: (table, key, bytes) => {
      operations.push({ table, key, sealed: seal(bytes, placeOf(table, key)) });
    },
    remove: (table, key) => {
      operations.push({ table, key });
    },
  };
  for (const { write } of group) write(writer);
  return operations;
}

/**
 * @param doubtful the disk has refused something: a file is written, to see whether it does still
 * @throws Error of the file system
 */
export function expectRoom(dir: string, operations: readonly Operation[], doubtful: boolean): void {
  // As the commit will do: it fails where the file is gone, or the disk has become read-only.
  const now = new Date();
  utimesSync(join(dir, 'store', 'data.mdb'), now, now);
  let wanted = SPARE_BYTES + operations.length * PAGES_A_VALUE * PAGE;
  for (const { sealed } of operations) wanted += sealed ? sealed.length + PAGE : 0;
  const { bavail, bsize } = statfsSync(dir);
  if (bavail * bsize < wanted) {
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  }
  if (doubtful) probe(dir);
}

/** Whether the reason was longer than its room: memory behind it is then overwritten. */
export function hasOverrun({ message }: Error): boolean {
  const at = message.indexOf(REASON);
  return at >= 0 && message.length - at >= REASON_CHARS;
}
