/** Whether what is taken is also worked on; nothing else shows a core that has come to a stand. */
import { type Accounting, unaccounted } from '../accounting.ts';

/** Far longer than any batch takes, on a slow machine too. */
const STUCK_MS = 30_000;

export class Progress {
  #worked = Number.NaN;
  /** Samples on their way to the core when it had last done something. */
  #floor = 0;
  #sinceMs: number | undefined;

  /**
   * Whether samples have gone to the core for half a minute, and none has come out of it.
   * @param nowMs of a clock that is never set
   */
  isStuck(accounting: Accounting, nowMs: number): boolean {
    let [worked, underWay] = [0, 0];
    for (const counts of accounting.values()) {
      worked += counts.learned + counts.duplicate + counts.late + counts.pending;
      underWay += unaccounted(counts);
    }
    if (worked !== this.#worked || underWay <= this.#floor) {
      [this.#worked, this.#floor, this.#sinceMs] = [worked, underWay, undefined];
      return false;
    }
    this.#sinceMs ??= nowMs;
    return nowMs - this.#sinceMs >= STUCK_MS;
  }

  /** There is a reason to stand still. */
  reset(): void {
    this.#worked = Number.NaN;
    this.#sinceMs = undefined;
  }
}
