import { ByteReader, ByteWriter } from '../store/bytes.ts';
import type { StateStore, Writer } from '../store/state-store.ts';
import type { Delivery } from './journal.ts';

/** More than any broker has under way to one client without being told to. */
const KEPT_MIN = 2_000;
/** In one row: it may grow with each message that brings nothing. */
const KEPT_MAX = 2 * KEPT_MIN;
const FIELDS = 3;

/** The newest deliveries on disk: a row a group of records, under the group's first offset. */
export class DeliveryRows {
  readonly #store: StateStore;
  /** Oldest first. */
  readonly #rows: { readonly offset: number; readonly count: number }[] = [];
  #count = 0;

  constructor(store: StateStore) {
    this.#store = store;
    for (const offset of store.keys<number>('deliveries')) {
      this.#add(offset, this.#read(offset).length);
    }
  }

  /** Of the newest session, the oldest first. */
  newest(): Delivery[] {
    const all = this.#rows.flatMap(({ offset }) => this.#read(offset));
    const session = all.at(-1)?.session;
    return all.filter((delivery) => delivery.session === session);
  }

  /** What is to be written along with the group at `offset`. */
  stage(deliveries: readonly Delivery[], offset: number): (write: Writer) => void {
    if (deliveries.length === 0) return () => {};
    const all = [...this.#takeLast(offset), ...deliveries].slice(-KEPT_MAX);
    this.#add(offset, all.length);
    const gone: number[] = [];
    while (this.#count - this.#rows[0]!.count >= KEPT_MIN) {
      const oldest = this.#rows.shift()!;
      this.#count -= oldest.count;
      gone.push(oldest.offset);
    }
    const cells = all.flatMap(({ session, packetId, digest }) => [session, packetId, digest]);
    const bytes = new ByteWriter().number(cells.length).counts(Uint32Array.from(cells)).finish();
    return (write) => {
      write.put('deliveries', offset, bytes);
      for (const key of gone) write.remove('deliveries', key);
    };
  }

  /** Those of the group before, where it brought no entries and so has the same offset. */
  #takeLast(offset: number): Delivery[] {
    const last = this.#rows.at(-1);
    if (last?.offset !== offset) return [];
    this.#rows.pop();
    this.#count -= last.count;
    return this.#read(offset);
  }

  #add(offset: number, count: number): void {
    this.#rows.push({ offset, count });
    this.#count += count;
  }

  /** Nothing where the row is damaged: a repetition of these is then taken for new. */
  #read(offset: number): Delivery[] {
    try {
      const bytes = this.#store.get('deliveries', offset);
      if (!bytes) return [];
      const from = new ByteReader(bytes);
      const cells = new Uint32Array(from.number());
      from.counts(cells, 'deliveries');
      return Array.from({ length: cells.length / FIELDS }, (_, i) => {
        const [session, packetId, digest] = cells.subarray(i * FIELDS);
        return { session: session!, packetId: packetId!, digest: digest! };
      });
    } catch {
      return [];
    }
  }
}
