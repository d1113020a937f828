import { loadConfig } from '../config/load.ts';
import { Daemon } from '../daemon/daemon.ts';
import { keepsState, openDaemonState } from '../daemon/daemon-state.ts';
import { prepareCore } from '../daemon/prepare.ts';
import { Reloader } from '../daemon/reload.ts';
import { formatAccounting } from '../observe/accounting.ts';
import { createLog, type Logger } from '../observe/log.ts';
import { createSinks } from '../sink/registry.ts';
import { createSource } from '../source/registry.ts';
import { StateError } from '../store/state-error.ts';
import type { Command } from './command.ts';
import { companionsOf } from './companions.ts';
import { UserError } from './exit.ts';
import { onHangup, stopOnSignals } from './signals.ts';

export const command: Command<{ config: string }> = {
  builder: (y) =>
    y
      .positional('config', {
        type: 'string',
        demandOption: true,
        describe: 'Configuration (YAML)',
      })
      .example('$0 run config/minimal.yaml', 'Forecast what the broker publishes'),
  handler: ({ config }) => run(config),
};

export async function run(path: string): Promise<void> {
  let isEarly = false;
  let reload = (): void => {
    isEarly = true;
  };
  onHangup(() => reload());
  const config = loadConfig(path);
  if (!config.source) {
    throw new UserError(`${path}: no source; add "source: { mqtt: { url: mqtt://… } }"`);
  }
  const log = createLog(config.log.level);
  const core = await prepareCore(config, log);
  const source = await createSource(config);
  const context = { ...(source.url && { sourceUrl: source.url }), goOn: keepsState(config) };
  const sinks = await createSinks(config, context);
  if (sinks.length === 0) log.warn('no sinks configured: forecasts are computed and go nowhere');

  const live = config.source.mqtt !== undefined;
  const state = await openDaemonState(config, core.settings, log);
  const daemon = new Daemon(config, { ...core, source, sinks, live, log, ...(state && { state }) });
  const reloader = new Reloader({ path, daemon, log, sinks: context });
  stopOnSignals(log, () => {
    reloader.end();
    return daemon.stop();
  });
  reload = live
    ? () => reloader.signal()
    : () => log.warn('SIGHUP: a recording is read to its end as it was begun');
  if (isEarly) reload();
  if (live) await reloader.start();
  try {
    await daemon.run(await companionsOf(config, daemon, daemon.log, { sourceUrl: source.url }));
  } catch (error) {
    // What was under way then is in no account; the broker still has it.
    if (!(error instanceof StateError)) tell(daemon, log);
    throw error;
  } finally {
    reloader.end();
  }
  tell(daemon, log);
}

function tell(daemon: Daemon, log: Logger): void {
  for (const [stream, counts] of daemon.accounting()) {
    log.info(`stream ${stream}: ${formatAccounting(counts)}`);
  }
  if (daemon.unmatched) log.info(daemon.unmatched);
}
