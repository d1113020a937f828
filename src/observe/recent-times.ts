/** How long something has taken over the last minute: a ring of histograms, each for ten seconds. */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

const SLOTS = 6;
const SLOT_MS = 10_000;
const US = 1_000;
/** Three hours; what takes longer is put there. */
const US_MAX = 3 * 3_600_000 * US;

export class RecentTimes {
  readonly #clock: () => number;
  /** Two digits: within 1 %, 30 kB each. */
  readonly #slots = Array.from({ length: SLOTS }, histogram);
  readonly #sum = histogram();
  #slot = 0;
  #slotEndMs: number;

  /** @param clock ms, one that is never set */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
    this.#slotEndMs = clock() + SLOT_MS;
  }

  add(ms: number): void {
    this.#turn();
    this.#slots[this.#slot]!.record(Math.max(1, Math.min(US_MAX, Math.round(ms * US))));
  }

  /** undefined: there was nothing to measure. */
  percentiles(): { readonly p50: number; readonly p99: number } | undefined {
    this.#turn();
    this.#sum.reset();
    for (const slot of this.#slots) this.#sum.add(slot);
    if (this.#sum.count === 0) return undefined;
    return { p50: this.#sum.percentile(50) / US, p99: this.#sum.percentile(99) / US };
  }

  #turn(): void {
    for (let i = 0; i < SLOTS && this.#clock() >= this.#slotEndMs; i++) {
      this.#slot = (this.#slot + 1) % SLOTS;
      this.#slots[this.#slot]!.reset();
      this.#slotEndMs += SLOT_MS;
    }
    const behindMs = this.#clock() - this.#slotEndMs;
    if (behindMs >= 0) this.#slotEndMs += SLOT_MS * (1 + Math.floor(behindMs / SLOT_MS));
  }
}

function histogram(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: US_MAX, figures: 2 });
}
