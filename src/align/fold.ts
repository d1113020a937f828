import type { ByteReader, ByteWriter } from '../store/bytes.ts';
import type { Cadence } from './cadence.ts';

/** The samples of one step put together, in the order of their times. */
export class Fold {
  count = 0;
  #sum = 0;
  #least = Number.POSITIVE_INFINITY;
  #most = Number.NEGATIVE_INFINITY;
  #first = Number.NaN;
  #last = Number.NaN;

  add(value: number): void {
    if (this.count === 0) this.#first = value;
    this.count++;
    this.#sum += value;
    this.#least = Math.min(this.#least, value);
    this.#most = Math.max(this.#most, value);
    this.#last = value;
  }

  value(mode: Exclude<Cadence['mode'], 'none'>): number {
    switch (mode) {
      case 'mean':
        return this.#sum / this.count;
      case 'sum':
        return this.#sum;
      case 'min':
        return this.#least;
      case 'max':
        return this.#most;
      case 'first':
        return this.#first;
      case 'last':
        return this.#last;
    }
  }

  clear(): void {
    this.count = 0;
    this.#sum = 0;
    this.#least = Number.POSITIVE_INFINITY;
    this.#most = Number.NEGATIVE_INFINITY;
    this.#first = Number.NaN;
    this.#last = Number.NaN;
  }

  save(out: ByteWriter): void {
    out.number(this.count).number(this.#sum).number(this.#least).number(this.#most);
    out.number(this.#first).number(this.#last);
  }

  load(from: ByteReader): void {
    this.count = from.number();
    this.#sum = from.number();
    this.#least = from.number();
    this.#most = from.number();
    this.#first = from.number();
    this.#last = from.number();
  }
}
