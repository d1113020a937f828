import type { Gate } from '../source/source.ts';

/** Batches on their way between the source and the core. */
const BATCHES_IN_FLIGHT_MAX = 64;

interface ClosedGate {
  readonly promise: Promise<void>;
  readonly open: () => void;
}

function closedGate(): ClosedGate {
  let open = (): void => {};
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

/**
 * Back-pressure to the source: closed while too many batches are on their way, or while
 * more points than `depthMax` wait for the slowest sink (Infinity: the outbox drops by its policy).
 */
export class PipelineGate implements Gate {
  readonly #depth: () => number;
  readonly #depthMax: number;
  #inFlight = 0;
  #waiting: ClosedGate | undefined;

  constructor(depth: () => number, depthMax: number) {
    this.#depth = depth;
    this.#depthMax = depthMax;
  }

  wait(): Promise<void> | undefined {
    if (this.#isOpen()) return undefined;
    this.#waiting ??= closedGate();
    return this.#waiting.promise;
  }

  entered(): void {
    this.#inFlight++;
  }

  left(): void {
    this.#inFlight--;
    this.update();
  }

  /** To be called whenever the outbox has shrunk. */
  update(): void {
    if (!this.#waiting || !this.#isOpen()) return;
    this.#waiting.open();
    this.#waiting = undefined;
  }

  #isOpen(): boolean {
    return this.#inFlight < BATCHES_IN_FLIGHT_MAX && this.#depth() < this.#depthMax;
  }
}
