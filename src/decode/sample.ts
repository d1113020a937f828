/** Growth starts here; a batch of one message needs no more. */
const INITIAL_CAPACITY = 64;

/** Samples in receive order, as a struct of arrays. `count` says how many cells are in use. */
export interface SampleBatch {
  readonly count: number;
  /** Index into the series registry. */
  readonly seriesId: Int32Array;
  /** Event time, ms since the epoch. */
  readonly timeMs: Float64Array;
  readonly value: Float64Array;
}

/** Builds a SampleBatch; grows by doubling, keeps no reference to what it has handed out. */
export class SampleBatchBuilder {
  #count = 0;
  #seriesId = new Int32Array(INITIAL_CAPACITY);
  #timeMs = new Float64Array(INITIAL_CAPACITY);
  #value = new Float64Array(INITIAL_CAPACITY);

  get count(): number {
    return this.#count;
  }

  push(seriesId: number, timeMs: number, value: number): void {
    if (this.#count === this.#seriesId.length) this.#grow();
    const i = this.#count++;
    this.#seriesId[i] = seriesId;
    this.#timeMs[i] = timeMs;
    this.#value[i] = value;
  }

  /** The samples so far, copied to size; the builder starts again empty. */
  take(): SampleBatch {
    const count = this.#count;
    this.#count = 0;
    return {
      count,
      seriesId: this.#seriesId.slice(0, count),
      timeMs: this.#timeMs.slice(0, count),
      value: this.#value.slice(0, count),
    };
  }

  #grow(): void {
    const capacity = this.#seriesId.length * 2;
    const seriesId = new Int32Array(capacity);
    const timeMs = new Float64Array(capacity);
    const value = new Float64Array(capacity);
    seriesId.set(this.#seriesId);
    timeMs.set(this.#timeMs);
    value.set(this.#value);
    this.#seriesId = seriesId;
    this.#timeMs = timeMs;
    this.#value = value;
  }
}
