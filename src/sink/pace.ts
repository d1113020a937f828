import type { Pacing, SinkUnavailable } from './sink.ts';

/**
 * After failures a batch is halved, down to so many steps, so that on a poor line a part gets through;
 * after each success it is doubled.
 */
const HALVED_STEPS_MIN = 100;
const HALVINGS_MAX = 6;

/** How much a drain offers, and how long it waits after a failure. */
export class Pace {
  readonly #pacing: Pacing;
  readonly #random: () => number;
  #attempt = 0;
  #halvings = 0;

  /** @param random for the jitter: in [0, 1) */
  constructor(pacing: Pacing, random: () => number) {
    this.#pacing = pacing;
    this.#random = random;
  }

  get batchSteps(): number {
    const { batchSteps } = this.#pacing;
    return Math.max(batchSteps >> this.#halvings, Math.min(batchSteps, HALVED_STEPS_MIN));
  }

  /** The sink has taken a batch, or has not. */
  offered(taken: boolean): void {
    this.#halvings += taken ? -1 : 1;
    this.#halvings = Math.max(0, Math.min(this.#halvings, HALVINGS_MAX));
  }

  /** The next wait is the shortest again. */
  reset(): void {
    this.#attempt = 0;
  }

  /** Until the next attempt. Half of it is jitter, so that many daemons do not come back in step. */
  backOffMs({ pace, waitMs }: SinkUnavailable): number {
    const { retryMsMin, retryMsMax } = this.#pacing;
    if (pace === 'slow') return Math.max(retryMsMax, waitMs);
    const full = Math.min(retryMsMax, retryMsMin * 2 ** Math.min(this.#attempt++, 30));
    return Math.max(full * (0.5 + this.#random() / 2), waitMs);
  }
}
