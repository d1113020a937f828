import { RecentTimes } from './recent-times.ts';

const PROBE_MS = 20;

/** How late the event loop is, over the last minute: by a timer that should fire every 20 ms. */
export class LoopDelay {
  readonly #late = new RecentTimes();
  #timer: NodeJS.Timeout | undefined;

  start(): void {
    let lastMs = performance.now();
    this.#timer ??= setInterval(() => {
      const nowMs = performance.now();
      this.#late.add(nowMs - lastMs - PROBE_MS);
      lastMs = nowMs;
    }, PROBE_MS).unref();
  }

  percentiles(): { readonly p50: number; readonly p99: number } {
    return this.#late.percentiles() ?? { p50: 0, p99: 0 };
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
