import type { ByteReader, ByteWriter } from '../store/bytes.ts';

const CAPACITY = 64;

/** The event times of the newest samples that were taken, to tell a repeated one from a late one. */
export class RecentTimes {
  readonly #timeMs = new Float64Array(CAPACITY).fill(Number.NaN);
  #next = 0;

  has(timeMs: number): boolean {
    return this.#timeMs.includes(timeMs);
  }

  add(timeMs: number): void {
    this.#timeMs[this.#next] = timeMs;
    this.#next = (this.#next + 1) % CAPACITY;
  }

  clear(): void {
    this.#timeMs.fill(Number.NaN);
    this.#next = 0;
  }

  /** Oldest first, so that the next one replaces the same time after `load` as without it. */
  save(out: ByteWriter): void {
    const { length } = this.#timeMs;
    const times = this.#timeMs.map((_, i) => this.#timeMs[(this.#next + i) % length]!);
    const known = times.filter((time) => !Number.isNaN(time));
    out.number(known.length);
    for (const time of known) out.number(time);
  }

  load(from: ByteReader): void {
    this.clear();
    for (let left = from.number(); left > 0; left--) this.add(from.number());
  }
}
