import { closeSync, openSync } from 'node:fs';
import type { Logger } from '../observe/log.ts';

/** Shells report a process ended by signal n as 128 + n. */
const SIGNAL_EXIT = { SIGINT: 130, SIGTERM: 143 } as const;

/** The first SIGTERM or SIGINT stops in good order, a second one ends at once. */
export function stopOnSignals(
  log: Pick<Logger, 'info' | 'error'>,
  stop: () => Promise<void>,
): void {
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(SIGNAL_EXIT[signal]);
      stopping = true;
      log.info(`${signal}: finishing what was accepted; a second signal ends at once`);
      // What goes wrong while stopping also ends `run`, which reports it.
      stop().catch((error: unknown) => log.error(`stopping: ${String(error)}`));
    });
  }
}

/**
 * SIGHUP is a request to look at the configuration again; without a handler it would end the process.
 * A terminal that closes sends it, too: whoever was started there is to end then, as ever.
 */
export function onHangup(work: () => void): void {
  const hadTerminal = hasTerminal();
  process.on('SIGHUP', () => {
    if (hadTerminal && !hasTerminal()) process.kill(process.pid, 'SIGTERM');
    else work();
  });
}

/** Whether there is a terminal whose end would be ours. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
