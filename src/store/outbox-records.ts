/** What the outbox keeps beside its chunks: values of the table `meta`. */
import { ByteReader, ByteWriter } from './bytes.ts';
import type { ReaderRecord } from './lane-reader.ts';

/** As of the newest `stage`: what lies beyond `end` will be computed again. */
export const STAGED_KEY = 'outbox.staged';
/** Sink → how far it is; written with every commit of the outbox. */
export const READERS_KEY = 'outbox.readers';

export interface Staged {
  /** Number after the last point that was staged. */
  readonly end: number;
  readonly doneThrough: number;
}

export function writeStaged({ end, doneThrough }: Staged): Uint8Array {
  return new ByteWriter().number(end).number(doneThrough).finish();
}

/** @throws Error when these are not the bytes of one */
export function readStaged(bytes: Uint8Array): Staged {
  const from = new ByteReader(bytes);
  const staged = { end: from.number(), doneThrough: from.number() };
  from.end();
  return staged;
}

export function writeReaders(readers: ReadonlyMap<string, ReaderRecord>): Uint8Array {
  const writer = new ByteWriter().number(readers.size);
  for (const [sink, { dropped, lanes }] of readers) {
    writer.text(sink).number(dropped).number(lanes.length);
    for (const { from, position, to } of lanes) writer.number(from).number(position).number(to);
  }
  return writer.finish();
}

/** @throws Error when these are not the bytes of one */
export function readReaders(bytes: Uint8Array): Map<string, ReaderRecord> {
  const from = new ByteReader(bytes);
  const readers = new Map<string, ReaderRecord>();
  for (let left = from.number(); left > 0; left--) {
    const sink = from.text();
    const dropped = from.number();
    const lanes = Array.from({ length: from.number() }, () => {
      return { from: from.number(), position: from.number(), to: from.number() };
    });
    readers.set(sink, { dropped, lanes });
  }
  from.end();
  return readers;
}

/**
 * The record without what lies beyond `end`: that will be computed again. A lane that begins there is
 * gone, and what comes is the newest lane.
 */
export function before(end: number, { dropped, lanes }: ReaderRecord): ReaderRecord {
  const kept = lanes
    .filter(({ from }, i) => i === 0 || from < end)
    .map(({ from, position, to }) => ({
      from: Math.min(from, end),
      position: Math.min(position, end),
      to: to === Number.POSITIVE_INFINITY ? to : Math.min(to, end),
    }));
  if (kept.at(-1)?.to !== Number.POSITIVE_INFINITY) {
    kept.push({ from: end, position: end, to: Number.POSITIVE_INFINITY });
  }
  return { dropped, lanes: kept };
}
