import type { ChunkKey } from './chunk.ts';
import { before, READERS_KEY, readReaders, readStaged, STAGED_KEY } from './outbox-records.ts';
import type { StateStore } from './state-store.ts';

/** One sink's share of what waits on disk. */
export interface SinkDepth {
  readonly sink: string;
  /** Steps that it has not taken yet. */
  readonly waiting: number;
  /** Steps given up for it so far. */
  readonly dropped: number;
}

/**
 * What waited for each sink when points were saved last; a daemon that runs may be further.
 * @throws DamagedValue, ForeignFormat, or Error where the bytes are no record
 */
export function outboxDepths(store: StateStore): SinkDepth[] {
  const staged = store.get('meta', STAGED_KEY);
  const readers = store.get('meta', READERS_KEY);
  if (!readers) return [];
  const { end } = staged ? readStaged(staged) : { end: 0 };
  const chunks = [...store.keys<ChunkKey>('outbox')];
  return [...readReaders(readers)].map(([sink, record]) => {
    const { dropped, lanes } = before(end, record);
    const waiting = lanes.reduce((sum, { position, to }) => {
      return sum + pointsBetween(chunks, position, Math.min(to, end));
    }, 0);
    return { sink, waiting, dropped };
  });
}

function pointsBetween(chunks: readonly ChunkKey[], from: number, to: number): number {
  let sum = 0;
  for (const [first, count] of chunks) {
    sum += Math.max(0, Math.min(to, first + count) - Math.max(from, first));
  }
  return sum;
}
