import type { Thinning } from '../journal/journal.ts';

/** Beyond so many changes the oldest are forgotten: hours of a factor that never comes to rest. */
const CHANGES_MAX = 4_096;

/**
 * How learning was thinned, by journal offset. So what a series learns hangs on the entry it learns
 * from alone, and not on when it was restored: a state that was saved before a change and has been
 * idle since need not be saved again for it.
 */
export class ThinHistory {
  /** Ascending. */
  #changes: Thinning[] = [];

  /** In any order; the same one twice changes nothing. */
  add(factor: number, offset: number): void {
    let at = this.#changes.length;
    while (at > 0 && this.#changes[at - 1]!.offset >= offset) at--;
    const replaced = this.#changes[at]?.offset === offset ? 1 : 0;
    this.#changes.splice(at, replaced, { offset, factor });
    if (this.#changes.length > CHANGES_MAX) this.#changes.shift();
  }

  /** The factor for the entry `offset`. */
  at(offset: number): number {
    for (let i = this.#changes.length - 1; i >= 0; i--) {
      if (this.#changes[i]!.offset <= offset) return this.#changes[i]!.factor;
    }
    return 1;
  }

  changes(): readonly Thinning[] {
    return this.#changes;
  }
}
