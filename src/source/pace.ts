import { setTimeout as sleep } from 'node:timers/promises';
import { type Message, type MessageBatch, SourceError } from './source.ts';

/** Longer silences are shortened to this, so that one wrong stamp cannot hold a replay for ever. */
const SILENCE_MS_MAX = 60_000;
/** So many messages without any time: there is none. */
const TIMELESS_MAX = 1_000;

export interface Pace {
  /** Recorded time passes this many times as fast as it did; `max`: without any waiting. */
  readonly speed: number | 'max';
  /** When the message came to be, ms; undefined where it does not say. */
  readonly timeOf: (message: Message) => number | undefined;
}

/** Hands messages out at the pace at which they were recorded, `speed` times as fast. */
export async function* paceBy(
  batches: AsyncIterable<MessageBatch>,
  { speed, timeOf, signal }: Pace & { readonly signal: AbortSignal },
): AsyncGenerator<MessageBatch> {
  if (speed === 'max') {
    yield* batches;
    return;
  }
  const schedule = new Schedule(speed);
  for await (const batch of batches) {
    let from = 0;
    for (const [i, message] of batch.entries()) {
      const waitMs = schedule.waitMs(timeOf(message), performance.now());
      if (waitMs <= 0) continue;
      if (i > from) yield batch.slice(from, i);
      from = i;
      await sleep(waitMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
    }
    yield batch.slice(from);
  }
}

/** Recorded time against elapsed time, from an anchor that moves at jumps of the recorded time. */
class Schedule {
  readonly #speed: number;
  #anchor: { readonly timeMs: number; readonly nowMs: number } | undefined;
  #timeless = 0;

  constructor(speed: number) {
    this.#speed = speed;
  }

  waitMs(timeMs: number | undefined, nowMs: number): number {
    if (timeMs === undefined) {
      if (!this.#anchor && ++this.#timeless >= TIMELESS_MAX) {
        throw new SourceError(
          'no times found in the recording, so it has no pace; use --speed max',
        );
      }
      return 0;
    }
    this.#anchor ??= { timeMs, nowMs };
    const dueMs = this.#anchor.nowMs + (timeMs - this.#anchor.timeMs) / this.#speed;
    const waitMs = Math.min(dueMs - nowMs, SILENCE_MS_MAX);
    if (Math.abs(dueMs - nowMs) > SILENCE_MS_MAX) {
      this.#anchor = { timeMs, nowMs: nowMs + Math.max(0, waitMs) };
    }
    return waitMs;
  }
}
