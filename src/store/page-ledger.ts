import { i64, Malformed, u64 } from './lmdb-page.ts';

const FREE = 1;
const USED = 2;

/** What each page of the file is for: each is used once, or free, never both. */
export class PageLedger {
  readonly #lastPage: number;
  readonly #pages: Uint8Array;
  #freeBeyond = 0;
  /** Whether it is known for sure what is free. */
  freeKnown = true;

  /** @param count pages that the file has */
  constructor(count: number, lastPage: number) {
    this.#lastPage = lastPage;
    this.#pages = new Uint8Array(Math.max(2, count));
    this.#pages.fill(USED, 0, 2);
  }

  /**
   * Whether the pages are met for the first time.
   * @throws Malformed when they are none that may be used
   */
  use(number: number, count: number): boolean {
    if (number < 2 || number + count > this.#pages.length) {
      throw new Malformed('is not within the file');
    }
    let first = true;
    for (let i = number; i < number + count; i++) {
      if (this.#pages[i] === FREE) {
        // Which of the two is wrong cannot be told; what stands there may be old.
        this.freeKnown = false;
        throw new Malformed(`${i} is in use and free`);
      }
      if (this.#pages[i] === USED) first = false;
      this.#pages[i] = USED;
    }
    return first;
  }

  /**
   * A record of the list: a count, then numbers in falling order; one below zero is how many pages
   * follow from the next number on.
   * @throws Malformed
   */
  addFree(list: Buffer): void {
    const length = list.length >= 8 ? u64(list, 0) : -1;
    if (length < 0 || (length + 1) * 8 > list.length) throw new Malformed('a list of free pages');
    for (let i = 1; i <= length; i++) {
      const number = i64(list, 8 * i);
      if (number === 0) continue;
      if (number > 0) this.#free(number, 1);
      else if (i < length) this.#free(i64(list, 8 * ++i), -number);
      else throw new Malformed('a list of free pages ends early');
    }
  }

  /** What does not fit at the end of the file; pages that are free there need not be in it. */
  endFault(): string | undefined {
    const beyond = Math.max(0, this.#lastPage + 1 - this.#pages.length);
    const fits =
      this.#freeBeyond === beyond && this.#pages.indexOf(USED, this.#lastPage + 1) === -1;
    return fits ? undefined : `the last page is not ${this.#lastPage}`;
  }

  /** Pages that are neither used nor free. */
  *lost(): Generator<number> {
    const end = Math.min(this.#pages.length, this.#lastPage + 1);
    for (let number = 2; number < end; number++) {
      if (this.#pages[number] === 0) yield number;
    }
  }

  #free(number: number, count: number): void {
    if (number < 2 || number + count - 1 > this.#lastPage) {
      throw new Malformed(`free page ${number} + ${count} is not within the file`);
    }
    const end = Math.min(number + count, this.#pages.length);
    this.#freeBeyond += number + count - Math.max(number, end);
    for (let i = number; i < end; i++) {
      if (this.#pages[i] !== 0) throw new Malformed(`page ${i} is free twice, or in use`);
      this.#pages[i] = FREE;
    }
  }
}
