import logUpdate from 'log-update';
import { parseDurationMs } from '../config/duration.ts';
import { parseConfig } from '../config/load.ts';
import { Daemon } from '../daemon/daemon.ts';
import { prepareCore } from '../daemon/prepare.ts';
import { formatAccounting } from '../observe/accounting.ts';
import { createLog } from '../observe/log.ts';
import { createSinks } from '../sink/registry.ts';
import { createSource } from '../source/registry.ts';
import type { Command } from './command.ts';
import { companionsOf } from './companions.ts';
import { LiveTable } from './demo/live-table.ts';
import { DEMO_TOPIC, startPublisher } from './demo/publisher.ts';
import { UserError } from './exit.ts';
import { onHangup, stopOnSignals } from './signals.ts';

/** Timers take no more, and it is longer than anybody watches. */
const TIMER_MS_MAX = 2 ** 31 - 1;
const REDRAW_MS = 500;
/** Where nobody watches a terminal, a line now and then shows that it lives. */
const REPORT_MS = 10_000;

interface DemoArguments {
  for?: string;
  out: string;
}

export const command: Command<DemoArguments> = {
  builder: (y) =>
    y
      .option('for', { type: 'string', describe: 'End by itself after this long, e.g. 60s' })
      .option('out', { type: 'string', default: 'demo-out', describe: 'Folder for the output' })
      .example('$0 demo', 'Until Ctrl-C')
      .example('$0 demo --for 60s', 'A minute, then a summary'),
  handler: (argv) => demo(argv),
};

/** What a user would write; the port is any free one, so that the demo never collides. */
function demoConfig(file: string): string {
  return `
base: foretide
shards: 1
source:
  mqtt:
    embedded: { host: 127.0.0.1, port: 0 }
streams:
  - topic: ${DEMO_TOPIC}
    time: time
    series: "{field}"
    every: 200ms
    aggregate: none
    horizon: 20
sinks:
  line_protocol: { file: ${JSON.stringify(file)} }
http: { port: 0 }
log: { level: warn }
`;
}

async function demo(argv: DemoArguments): Promise<void> {
  onHangup(() => {});
  const lastsMs = argv.for === undefined ? undefined : demoLength(argv.for);
  const file = `${argv.out}/forecast.lp`;
  const config = parseConfig(demoConfig(file), 'demo', {}, '.');
  const log = createLog(config.log.level);
  const core = await prepareCore(config, log);
  const source = await createSource(config);
  const sinks = await createSinks(config, { sourceUrl: source.url });
  const table = new LiveTable();
  const daemon = new Daemon(config, {
    ...core,
    source,
    sinks,
    live: true,
    log,
    onPoints: (batch) => table.add(batch),
  });

  const publisher = await startPublisher(source.url!);
  const stop = async (): Promise<void> => {
    await publisher.stop();
    await daemon.stop();
  };
  stopOnSignals({ info: () => {}, error: (message: string) => log.error(message) }, stop);
  const timer = lastsMs === undefined ? undefined : setTimeout(() => void stop(), lastsMs);
  const onPage = (url: string): void => {
    table.page = url;
    console.log(`Page on ${url}`);
    console.log(`Broker on ${source.url}; topic ${DEMO_TOPIC}; output in ${file}`);
  };
  const display = showLive(table);
  try {
    await daemon.run(await companionsOf(config, daemon, daemon.log, { onPage }));
  } finally {
    clearTimeout(timer);
    display.stop();
  }
  const accounting = [...daemon.accounting()].map(([s, a]) => `${s}: ${formatAccounting(a)}`);
  console.log(`${table.summary()}\n\n${accounting.join('\n')}\nline protocol: ${file}`);
}

function demoLength(text: string): number {
  try {
    return Math.min(parseDurationMs(text), TIMER_MS_MAX);
  } catch (error) {
    throw new UserError(`--for: ${(error as Error).message}`);
  }
}

function showLive(table: LiveTable): { stop(): void } {
  if (!process.stdout.isTTY) {
    const timer = setInterval(() => console.log(table.oneLine()), REPORT_MS);
    return { stop: () => clearInterval(timer) };
  }
  const timer = setInterval(() => logUpdate(table.render()), REDRAW_MS);
  return {
    stop() {
      clearInterval(timer);
      logUpdate.clear();
    },
  };
}
