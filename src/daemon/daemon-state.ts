import type { Config } from '../config/schema.ts';
import { stateDir } from '../config/state-dir.ts';
import type { Logger } from '../observe/log.ts';
import { type OpenState, openState } from '../store/open-state.ts';
import { forgetChanged, type KnownSeries, readSeries } from './known-series.ts';
import { putReckoning } from './reckoning.ts';
import type { StreamSettings } from './settings.ts';

/** A state directory in use, and the series that it knows of the streams that are wanted. */
export interface DaemonState {
  readonly open: OpenState;
  readonly known: KnownSeries;
}

/** Not where the configuration wants nothing kept, nor of a recording, which is read again. */
export function keepsState({ state, source }: Config): boolean {
  return state.keep && source?.mqtt !== undefined;
}

/**
 * undefined: nothing is kept.
 * @throws StateError
 */
export async function openDaemonState(
  config: Config,
  settings: ReadonlyMap<string, StreamSettings>,
  log: Logger,
): Promise<DaemonState | undefined> {
  if (!keepsState(config)) return undefined;
  const open = await openState(stateDir(config), log);
  let isLost = open.lost.length > 0;
  const events = {
    onLoss: (text: string) => {
      isLost = true;
      log.warn(`state: ${text}`);
    },
  };
  try {
    const all = readSeries(open.store, events);
    const known = await forgetChanged(open.store, all, config.streams, settings, events);
    if (isLost) await open.store.commit((write) => putReckoning(write, true));
    return { open, known };
  } catch (error) {
    await open.close();
    throw error;
  }
}
