import type { DaemonLog } from '../observe/incidents.ts';
import type { Companion } from '../observe/monitor.ts';

/** What runs beside a daemon: started together, stopped together. */
export class Companions {
  readonly #log: DaemonLog;
  readonly #all: readonly Companion[];
  readonly #started: Companion[] = [];

  constructor(all: readonly Companion[], log: DaemonLog) {
    this.#all = all;
    this.#log = log;
  }

  /** In order. @throws what the first throws that cannot start */
  async start(): Promise<void> {
    for (const companion of this.#all) {
      this.#started.push(companion);
      await companion.start();
    }
  }

  stopping(): void {
    for (const companion of this.#started) companion.stopping?.();
  }

  /** The newest first; what goes wrong is told, and is no concern of the daemon's. */
  async stop(): Promise<void> {
    for (const companion of this.#started.splice(0).reverse()) {
      await companion.stop().catch((error: Error) => this.#log.warn(`stopping: ${error.message}`));
    }
  }
}
