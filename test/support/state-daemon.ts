import type { Config } from '../../src/config/schema.ts';
import { Daemon, type DaemonParts } from '../../src/daemon/daemon.ts';
import { openDaemonState } from '../../src/daemon/daemon-state.ts';
import { prepareCore } from '../../src/daemon/prepare.ts';
import { createLog } from '../../src/observe/log.ts';
import type { Source } from '../../src/source/source.ts';
import type { StateStore } from '../../src/store/state-store.ts';

/** A daemon of this process, without sinks, on the state directory that the configuration names. */
export async function daemonOnState(
  config: Config,
  source: object,
  more: Pick<DaemonParts, 'startWorker'> = {},
): Promise<{ daemon: Daemon; store: StateStore }> {
  const log = createLog('error');
  const core = await prepareCore(config, log);
  const state = (await openDaemonState(config, core.settings, log))!;
  const parts = { ...core, source: source as Source, sinks: [], live: true, log, state, ...more };
  return { daemon: new Daemon(config, parts), store: state.open.store };
}
