/**
 * What was learned since a time is forgotten: states of a snapshot taken before, and the journal since
 * then without the samples from that time on. Everything else stays as it is: names and symbols, what
 * waits for the sinks, offsets. So what is learned again is not written again.
 */
import type { SeriesInfo } from '../decode/series.ts';
import { recordHead } from '../journal/codec.ts';
import { headOf, journalExtent } from '../journal/extent.ts';
import type { Thinning } from '../journal/journal.ts';
import { putJournalMeta, readJournalMeta } from '../journal/lmdb.ts';
import { withoutSince } from '../journal/without-since.ts';
import { putState, readHeads, removeState, type StateHead } from '../store/heads.ts';
import { readJson } from '../store/json.ts';
import { StateError } from '../store/state-error.ts';
import type { StateStore, Writer } from '../store/state-store.ts';
import { putReckoning } from './reckoning.ts';
import type { Snapshot } from './snapshots.ts';

const BATCH_BYTES_MAX = 2 ** 24;

export interface Forgotten {
  /** Series that go back; others begin anew with what the journal has of them. */
  readonly states: number;
  /** Series of the snapshot whose stream has changed since: their states fit no more. */
  readonly changed: number;
  /** Samples taken from the journal. */
  readonly samples: number;
  /** Series whose state in the snapshot had a sample from the time on already. */
  readonly tainted: number;
  /** Entries that are missing, where that was accepted. */
  readonly gap: number;
}

interface JoinOptions {
  readonly snapshot: Snapshot;
  readonly acceptGap: boolean;
}

/**
 * Whether the present journal goes on where the snapshot's ends.
 * @returns entries that are missing between them
 * @throws StateError when they do not belong together, or a gap is not accepted
 */
export function requireJoined(
  past: StateStore,
  present: StateStore,
  { snapshot: { name, takenMs }, acceptGap }: JoinOptions,
): number {
  const before = journalExtent(past);
  const now = journalExtent(present);
  if (now.end < before.end || !isSamePast(past, present)) {
    throw new StateError(
      `snapshot ${name}: the journal has not gone on from it, but from an older snapshot that was ` +
        'restored meanwhile; choose one taken since then, or restore this one without --forget-since',
    );
  }
  const gap = Math.max(0, now.first - before.end);
  if (gap === 0 || acceptGap) return gap;
  const from = new Date(takenMs).toISOString();
  const to = now.oldestMs === undefined ? 'now' : new Date(now.oldestMs).toISOString();
  throw new StateError(
    `snapshot ${name}: entries ${before.end} to ${now.first - 1} of the journal (${from} to ${to}) ` +
      'are in neither journal any more; choose a newer snapshot, or go on without them with ' +
      '--accept-gap. For the next time: a longer state.journal_keep, or snapshots more often',
  );
}

/** Records that both have are the same, and so are the series. */
function isSamePast(past: StateStore, present: StateStore): boolean {
  for (const key of past.keys<number>('journal', { reverse: true })) {
    const [own, other] = [headOf(past, key), headOf(present, key)];
    if (!own || !other) continue;
    if (own.atMs !== other.atMs || own.length !== other.length) return false;
    break;
  }
  for (const id of past.keys<number>('series')) {
    const [own, other] = [nameOf(past, id), nameOf(present, id)];
    if (own !== undefined && other !== undefined && own !== other) return false;
  }
  return true;
}

/** undefined: it is not there, or damaged. */
function nameOf(store: StateStore, id: number): string | undefined {
  try {
    const bytes = store.get('series', id);
    return bytes && readJson<SeriesInfo>(bytes).name;
  } catch {
    return undefined;
  }
}

/** @param store a copy of the present one: it becomes what is wanted */
export async function forgetSince(
  store: StateStore,
  past: StateStore,
  sinceMs: number,
): Promise<Omit<Forgotten, 'gap'>> {
  const { end } = journalExtent(store);
  const meta = readJournalMeta(store);
  const states = await takeStates(store, past, sinceMs);
  const journal = await takeJournal(store, past, sinceMs);
  await store.commit((write) => {
    const thinning = allThinning(readJournalMeta(past).thinning, meta.thinning);
    putJournalMeta(write, { ...meta, end, thinning, bytes: journal.bytes });
    // Samples were counted that nobody has learned now.
    putReckoning(write, true);
  });
  return { ...states, samples: journal.samples };
}

/** What the snapshot knows of it reaches further back. */
function allThinning(past: readonly Thinning[], present: readonly Thinning[]): Thinning[] {
  const from = present[0]?.offset ?? Number.POSITIVE_INFINITY;
  return [...past.filter(({ offset }) => offset < from), ...present];
}

async function takeStates(store: StateStore, past: StateStore, sinceMs: number) {
  const gone = [...store.keys<number>('heads')];
  await store.commit((write) => {
    for (const id of gone) removeState(write, id);
  });
  // A head that cannot be read counts as lost, as at any start.
  const heads = [...readHeads(past, () => {}).values()];
  const known = new Set(store.keys<number>('series'));
  const wanted = heads.filter(({ id }) => known.has(id));
  const batch = new Batch<StateHead>(store, ({ id, ...head }, bytes, write) => {
    putState(write, { id, ...head }, bytes);
  });
  for (const head of wanted) {
    const bytes = past.get('states', head.id);
    if (bytes) await batch.add(head, bytes);
  }
  await batch.flush();
  const tainted = wanted.filter(({ summary }) => {
    return summary.members.some(({ newestMs }) => newestMs !== null && newestMs >= sinceMs);
  });
  return {
    states: wanted.length,
    changed: heads.length - wanted.length,
    tainted: tainted.length,
  };
}

async function takeJournal(store: StateStore, past: StateStore, sinceMs: number) {
  const { first } = journalExtent(store);
  let [bytesAll, samples] = [0, 0];
  const batch = new Batch<number>(store, (key, bytes, write) => write.put('journal', key, bytes));
  const older = [...past.keys<number>('journal', { end: first })];
  for (const [from, keys] of [
    [past, older],
    [store, [...store.keys<number>('journal')]],
  ] as const) {
    for (const key of keys) {
      const bytes = readRecord(from, key);
      if (!bytes) continue;
      const kept = withoutSince(bytes, sinceMs);
      samples += kept.samples;
      bytesAll += kept.bytes.length;
      if (from === past || kept.changed) await batch.add(key, kept.bytes);
    }
  }
  await batch.flush();
  return { bytes: bytesAll, samples };
}

/** undefined: it is damaged, which the next start says. */
function readRecord(store: StateStore, key: number): Uint8Array | undefined {
  try {
    const bytes = store.get('journal', key);
    if (bytes) recordHead(bytes);
    return bytes;
  } catch {
    return undefined;
  }
}

/** Many values in few commits, of bounded memory. */
class Batch<T> {
  readonly #store: StateStore;
  readonly #put: (item: T, bytes: Uint8Array, write: Writer) => void;
  #items: { readonly item: T; readonly bytes: Uint8Array }[] = [];
  #bytes = 0;

  constructor(store: StateStore, put: (item: T, bytes: Uint8Array, write: Writer) => void) {
    this.#store = store;
    this.#put = put;
  }

  async add(item: T, bytes: Uint8Array): Promise<void> {
    // A view of the store's memory holds no longer than this turn.
    this.#items.push({ item, bytes: Uint8Array.from(bytes) });
    this.#bytes += bytes.length;
    if (this.#bytes >= BATCH_BYTES_MAX) await this.flush();
  }

  async flush(): Promise<void> {
    const items = this.#items;
    this.#items = [];
    this.#bytes = 0;
    if (items.length === 0) return;
    await this.#store.commit((write) => {
      for (const { item, bytes } of items) this.#put(item, bytes, write);
    });
  }
}
