const TELL_MS = 1_000;

/** Counts what may happen thousands of times a second, and tells the number a moment later. */
export class Tally {
  readonly #tell: (count: number) => void;
  #count = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(tell: (count: number) => void) {
    this.#tell = tell;
  }

  add(): void {
    this.#count++;
    this.#timer ??= setTimeout(() => this.flush(), TELL_MS).unref();
  }

  /** Tells what has not been told yet. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#count === 0) return;
    const count = this.#count;
    this.#count = 0;
    this.#tell(count);
  }
}
