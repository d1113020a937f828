/** Durable outboxes in a temporary folder, for series whose names are `s0`, `s1` …. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { afterEach } from 'vitest';
import type { ChunkKey, SeriesLookup } from '../../src/store/chunk.ts';
import type { OutboxStore } from '../../src/store/chunk-store.ts';
import { DiskOutbox, type DiskOutboxOptions } from '../../src/store/disk-outbox.ts';
import type { OutboxEvent } from '../../src/store/outbox.ts';
import { StateStore } from '../../src/store/state-store.ts';

export const LOOKUP: SeriesLookup = {
  seriesOf: (id) => ({ id, stream: 'plant', name: `s${id}`, receiveTime: false }),
  idOf: (name) => Number(name.slice(1)),
};

const ROOMY = { pointsMax: 1_000, bytesMax: 2 ** 30, ageMsMax: 1e12 };

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

/** One state directory; every `open` is a process of its own, as it were. */
export class OutboxDir {
  readonly dir = mkdtempSync(join(tmpdir(), 'foretide-outbox-'));
  readonly events: OutboxEvent[] = [];
  #store: StateStore | undefined;
  #outbox: DiskOutbox | undefined;

  constructor() {
    cleanUps.push(async () => {
      await this.close();
      rmSync(this.dir, { recursive: true, force: true });
    });
  }

  get store(): StateStore {
    if (!this.#store) throw new Error('the directory is not open');
    return this.#store;
  }

  /**
   * @param through what stands between the outbox and its store
   */
  async open(
    options: Partial<DiskOutboxOptions> = {},
    through: (store: StateStore) => OutboxStore = (store) => store,
  ): Promise<DiskOutbox> {
    await this.close();
    this.#store = new StateStore(this.dir);
    this.#outbox = new DiskOutbox(through(this.#store), LOOKUP, {
      ...ROOMY,
      whenFull: 'drop_oldest',
      onEvent: (event) => this.events.push(event),
      ...options,
    });
    return this.#outbox;
  }

  /** As a checkpoint does. */
  async stage(doneThrough?: number): Promise<void> {
    let done = (): void => {};
    await this.store.commit((write) => {
      done = this.#outbox!.stage(write, doneThrough);
    });
    done();
  }

  /** Without a `stage`: what a crash would leave. */
  async close(): Promise<void> {
    await this.#outbox?.close();
    await this.#store?.close();
    this.#outbox = undefined;
    this.#store = undefined;
  }

  keys(): ChunkKey[] {
    return [...this.store.keys<ChunkKey>('outbox')];
  }

  /** Flips a byte in the middle of a value, past the store. */
  async damage(table: 'outbox' | 'meta', key: ChunkKey | string): Promise<void> {
    await this.close();
    const env = open({ path: join(this.dir, 'store'), noSubdir: false, maxDbs: 12 });
    const values = env.openDB<Buffer, ChunkKey | string>({ name: table, encoding: 'binary' });
    const bytes = Buffer.from(values.get(key)!);
    bytes[bytes.length >> 1]! ^= 1;
    await values.put(key, bytes);
    await env.close();
  }
}

/** Until it holds; the test's own time limit ends what never does. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}
