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
  readonly #nowMs: () => number;
  #inFlight = 0;
  #inCore = 0;
  #waiting: ClosedGate | undefined;
  #released = false;
  /** Those who want it shut; the firm ones also while a stop is under way. */
  #holds = 0;
  #firmHolds = 0;
  #idle: (() => void)[] = [];
  #busyMs = 0;
  /** Since when it has been shut because of the core; undefined: it is not. */
  #busySinceMs: number | undefined;

  /** @param nowMs a clock that never jumps */
  constructor(depth: () => number, depthMax: number, nowMs = () => performance.now()) {
    this.#depth = depth;
    this.#depthMax = depthMax;
    this.#nowMs = nowMs;
  }

  wait(): Promise<void> | undefined {
    if (this.#isOpen()) return undefined;
    this.#waiting ??= closedGate();
    return this.#waiting.promise;
  }

  /** Nothing is on its way. */
  get isIdle(): boolean {
    return this.#inFlight === 0;
  }

  /** Whether a stop is under way: nothing can hold it shut any more, or not for long. */
  get isReleased(): boolean {
    return this.#released;
  }

  get isHeld(): boolean {
    return this.#holds + this.#firmHolds > 0;
  }

  /**
   * Shut until the function that is given back is called; resolves when nothing is on its way.
   * @param firm also while a stop is under way, which then waits
   */
  async hold(firm = false): Promise<() => void> {
    const count = firm ? 1 : 0;
    this.#holds += 1 - count;
    this.#firmHolds += count;
    if (!this.isIdle) await new Promise<void>((resolve) => this.#idle.push(resolve));
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#holds -= 1 - count;
      this.#firmHolds -= count;
      this.update();
    };
  }

  /** From now on it is open: what waits before it is bounded, and a stop must not wait for room. */
  release(): void {
    this.#released = true;
    this.update();
  }

  /** A batch is on its way to the journal. */
  entered(): void {
    this.#inFlight++;
    this.#watch();
  }

  /** It is in the journal, and now the core's. */
  handedOver(): void {
    this.#inCore++;
    this.#watch();
  }

  /** The core is done with it. */
  left(): void {
    this.#inFlight--;
    this.#inCore--;
    this.#watch();
    if (this.isIdle) for (const resolve of this.#idle.splice(0)) resolve();
    this.update();
  }

  /** To be called whenever the outbox has shrunk. */
  update(): void {
    if (!this.#waiting || !this.#isOpen()) return;
    this.#waiting.open();
    this.#waiting = undefined;
  }

  /**
   * For how long it has been shut in all, since the start, because the core was too slow. Not because
   * of a slow disk or a full outbox: learning less would be no help there.
   */
  busyMs(): number {
    const since = this.#busySinceMs;
    return this.#busyMs + (since === undefined ? 0 : this.#nowMs() - since);
  }

  #watch(): void {
    const isFull = this.#inFlight >= BATCHES_IN_FLIGHT_MAX;
    const isBusy = isFull && this.#inCore * 2 >= this.#inFlight;
    if (isBusy === (this.#busySinceMs !== undefined)) return;
    this.#busyMs = this.busyMs();
    this.#busySinceMs = isBusy ? this.#nowMs() : undefined;
  }

  #isOpen(): boolean {
    if (this.#firmHolds > 0) return false;
    if (this.#released) return true;
    if (this.#holds > 0) return false;
    return this.#inFlight < BATCHES_IN_FLIGHT_MAX && this.#depth() < this.#depthMax;
  }
}
