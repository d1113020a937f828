import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../config/load.ts';
import { SeriesRegistry } from '../decode/series.ts';
import { createIntake } from '../decode/stream-decoder.ts';
import type { Journal, JournalBatch } from '../journal/journal.ts';
import { MemoryJournal } from '../journal/memory.ts';
import type { Message, MessageBatch, Source } from '../source/source.ts';
import { MemoryOutbox } from '../store/memory-outbox.ts';
import type { Core } from './core.ts';
import { PipelineGate } from './gate.ts';
import { pipeline } from './pipeline.ts';

/** Commits when the test says so. */
class SlowJournal extends MemoryJournal implements Journal {
  readonly batches: JournalBatch[] = [];
  readonly #commits: { succeed(): void; fail(error: Error): void }[] = [];

  override append(batch: JournalBatch): Promise<number> {
    this.batches.push(batch);
    const offset = super.append(batch);
    return new Promise((resolve, fail) => {
      this.#commits.push({ succeed: () => resolve(offset), fail });
    });
  }

  commit(): void {
    this.#commits.shift()?.succeed();
  }

  /** All that is under way, as when the disk is gone. */
  fail(): void {
    for (const { fail } of this.#commits.splice(0)) fail(new Error('the disk is gone'));
  }
}

const idleCore: Core = {
  apply: async () => [],
  finish: async () => [],
  adopt: async () => ({ points: [], refused: [] }),
  save: async () => [],
  forget: async () => new Map(),
  unsavedCount: 0,
  unsavedFrom: undefined,
  counts: () => new Map(),
  view: async () => undefined,
  close: async () => {},
};

function start() {
  const batches = new Subject<MessageBatch>();
  const source = { messages: () => batches } as unknown as Source;
  const config = parseConfig(
    'streams: [{ topic: "#", payload: number, every: 1s }]',
    'test',
    {},
    '.',
  );
  const intake = createIntake(config.streams, new SeriesRegistry(), {
    live: false,
    onRejection: () => {},
  });
  const journal = new SlowJournal();
  const acknowledged: number[] = [];
  const state = { error: undefined as Error | undefined, completed: false };
  pipeline({
    source,
    intake,
    journal,
    core: idleCore,
    outbox: new MemoryOutbox({ pointsMax: 1_000 }),
    gate: new PipelineGate(() => 0, 1),
    live: false,
  }).subscribe({
    error: (error: Error) => {
      state.error = error;
    },
    complete: () => {
      state.completed = true;
    },
  });
  const message = (packetId: number, more: Partial<Message> = {}): Message => ({
    topic: 'a',
    payload: Buffer.from(`${packetId}`),
    receivedMs: packetId * 1_000,
    retained: false,
    where: 'topic a',
    delivery: { session: 1, packetId, digest: packetId },
    acknowledge: () => acknowledged.push(packetId),
    ...more,
  });
  return { batches, journal, acknowledged, state, message };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('pipeline', () => {
  it('acknowledges a batch when it is committed, in order, and what it repeats after it', async () => {
    const { batches, journal, acknowledged, state, message } = start();
    batches.next([message(1), message(2)]);
    batches.next([message(1, { repeated: true }), message(3)]);
    batches.next([message(2, { repeated: true })]);
    batches.complete();
    await settled();
    expect(acknowledged).toEqual([]);
    journal.commit();
    await settled();
    expect(acknowledged).toEqual([1, 2]);
    journal.commit();
    await settled();
    expect(acknowledged).toEqual([1, 2, 1, 3]);
    expect(state.completed).toBe(false);
    journal.commit();
    await settled();
    expect(acknowledged).toEqual([1, 2, 1, 3, 2]);
    // At the end comes what the intake has held back: nothing here.
    journal.commit();
    await settled();
    expect(state.completed).toBe(true);
    const ids = journal.batches.map(({ deliveries }) => deliveries?.map((d) => d.packetId));
    expect(ids).toEqual([[1, 2], [3], [], undefined]);
    expect(journal.batches[2]!.entries).toEqual([]);
  });

  it('ends with the reason of a failed commit, and acknowledges nothing after it', async () => {
    const { batches, journal, acknowledged, state, message } = start();
    for (const id of [1, 2, 3]) batches.next([message(id)]);
    journal.commit();
    await settled();
    // The rejections of what follows must not surface as errors that nobody handles.
    journal.fail();
    await settled();
    expect(state.error?.message).toBe('the disk is gone');
    expect(acknowledged).toEqual([1]);
  });
});
