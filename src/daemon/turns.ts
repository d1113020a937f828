/** Work that can be put off between its steps, so that a thread that has it can do something else. */
import { setImmediate as turn } from 'node:timers/promises';

/** What is done without a pause. */
const TURN_MS_MAX = 5;

/** Works for a while, then lets others have their turn, and so on; all its works share the while. */
export class Turns {
  #untilMs = 0;

  async do<T>(work: Generator<void, T>): Promise<T> {
    for (;;) {
      if (performance.now() >= this.#untilMs) {
        await turn();
        this.#untilMs = performance.now() + TURN_MS_MAX;
      }
      const step = work.next();
      if (step.done) return step.value;
    }
  }
}

/** Does the work at once. */
export function atOnce<T>(work: Generator<void, T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}
