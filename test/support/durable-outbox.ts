import { jsonBytes, readJson } from '../../src/store/json.ts';
import { MemoryOutbox } from '../../src/store/memory-outbox.ts';
import type { DurableOutbox, OutboxReader } from '../../src/store/outbox.ts';
import type { SeriesPoints } from '../../src/store/points.ts';
import type { StateStore, Writer } from '../../src/store/state-store.ts';

/**
 * Keeps of its points only how far they are done, and tells what would be on a disk: what was put
 * and not staged is lost with the process.
 */
export class TestOutbox implements DurableOutbox {
  readonly doneThrough: number;
  through: number;
  /** In the order of `put`; the first `stagedCount` are safe. */
  readonly points: SeriesPoints[] = [];
  stagedCount = 0;
  readonly full = false;
  readonly #memory = new MemoryOutbox({ pointsMax: Number.POSITIVE_INFINITY });

  constructor(store: StateStore) {
    const bytes = store.get('meta', 'test');
    this.doneThrough = bytes ? readJson<number>(bytes) : -1;
    this.through = this.doneThrough;
  }

  put(points: readonly SeriesPoints[], through: number): void {
    this.points.push(...points);
    this.through = through;
  }

  stage(write: Writer, doneThrough = this.through): () => void {
    write.put('meta', 'test', jsonBytes(doneThrough));
    const { length } = this.points;
    return () => {
      this.stagedCount = length;
    };
  }

  reader(sink: string): OutboxReader {
    return this.#memory.reader(sink);
  }

  forget(sink: string): void {
    this.#memory.forget(sink);
  }

  setLimits(): void {}

  get depth(): number {
    return 0;
  }

  async close(): Promise<void> {}
}
