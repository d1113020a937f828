import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { streamName } from '../config/stream-name.ts';
import { Daemon } from '../daemon/daemon.ts';
import { prepareCore } from '../daemon/prepare.ts';
import { firstSeasonSteps } from '../daemon/settings.ts';
import { formatAccounting } from '../observe/accounting.ts';
import { createLog } from '../observe/log.ts';
import { Scoreboard } from '../observe/scoreboard.ts';
import { SymbolScoreboard } from '../observe/symbol-scoreboard.ts';
import { formatNumber, formatPercent, formatTable } from '../observe/table.ts';
import { createSinks } from '../sink/registry.ts';
import { createSource } from '../source/registry.ts';
import type { SeriesPoints } from '../store/points.ts';
import type { Command } from './command.ts';
import { UserError } from './exit.ts';
import { progressBar } from './progress.ts';
import { recordingSource, refuseOverwriting } from './recording.ts';
import { onHangup, stopOnSignals } from './signals.ts';

interface ReplayArguments {
  file: string;
  config: string;
  speed: string;
  out?: string;
}

export const command: Command<ReplayArguments> = {
  builder: (y) =>
    y
      .positional('file', {
        type: 'string',
        demandOption: true,
        describe: 'CSV, or JSON lines (.ndjson, .jsonl); .gz too',
      })
      .option('config', { type: 'string', demandOption: true, describe: 'Configuration (YAML)' })
      .option('speed', {
        type: 'string',
        default: 'max',
        describe:
          '60x = an hour a minute; max = as fast as it goes, with identical output each time',
      })
      .option('out', {
        type: 'string',
        describe: 'Write line protocol to this file instead of to the configured sinks',
      })
      .example(
        '$0 replay rec.ndjson.gz --config site.yaml --out out.lp',
        'What would have come out',
      )
      .example('$0 replay a.csv --config site.yaml --speed 60x', 'Watch a recording in Grafana'),
  handler: (argv) => replay(argv),
};

async function replay(argv: ReplayArguments): Promise<void> {
  const given = loadConfig(argv.config);
  const config = replayConfig(given, argv);
  refuseOverwriting(argv.file, config.sinks.line_protocol?.file);
  const log = createLog(config.log.level);
  const core = await prepareCore(config, log);
  const source = await createSource(config, { speed: parseSpeed(argv.speed) });
  const sinks = await createSinks(config, { sourceUrl: given.source?.mqtt?.url });
  const scoreboard = new Scoreboard((points) => firstSeason(config, points));
  const symbols = new SymbolScoreboard();

  let steps = 0;
  const bar = progressBar(() => source.progress() ?? 0);
  const onPoints = (batch: readonly SeriesPoints[]): void => {
    steps += batch.length;
    for (const points of batch) {
      scoreboard.add(points);
      symbols.add(points);
    }
  };
  const daemon = new Daemon(config, {
    ...core,
    source,
    sinks,
    live: false,
    log,
    onPoints,
  });
  stopOnSignals(log, () => daemon.stop());
  onHangup(() => log.warn('SIGHUP: there is nothing to reload'));
  const startedMs = performance.now();
  try {
    await daemon.run();
  } finally {
    bar.stop();
  }
  const seconds = (performance.now() - startedMs) / 1000;
  console.error(summary(daemon, [scoreTable(scoreboard), symbols.table()], steps, seconds));
}

/** The configuration with the file in the place of its source, and `--out` in that of its sinks. */
function replayConfig(config: Config, { file, out }: ReplayArguments): Config {
  const source = recordingSource(file, config.source);
  return { ...config, source, sinks: out ? { line_protocol: { file: out } } : config.sinks };
}

function parseSpeed(text: string): number | 'max' {
  if (text === 'max') return 'max';
  const factor = Number(/^(\d+(?:\.\d+)?)x?$/.exec(text)?.[1]);
  if (!(factor > 0)) throw new UserError(`--speed ${text}: write a factor such as 60x, or max`);
  return factor;
}

function firstSeason(config: Config, points: SeriesPoints): number | undefined {
  const stream = config.streams.find((s) => streamName(s) === points.stream);
  return stream && firstSeasonSteps(stream, points.targetMs[0]! - points.issuedMs);
}

function scoreTable(board: Scoreboard): string {
  const rows: string[][] = [];
  for (const [series, leads] of board.results()) {
    for (const e of leads) {
      const errors = [e.forecast, e.lastValue, e.seasonalNaive].map(formatNumber);
      rows.push([series, String(e.lead), String(e.steps), ...errors, formatPercent(e.covered)]);
    }
  }
  const header = ['series', 'lead', 'scored', 'MAE', 'last value', 'seasonal naive', 'covered'];
  return rows.length > 0 ? formatTable(header, rows) : '';
}

function summary(
  daemon: Daemon,
  tables: readonly string[],
  steps: number,
  seconds: number,
): string {
  const accounting = [...daemon.accounting()].map(([s, a]) => `${s}: ${formatAccounting(a)}`);
  const rate = `${steps} steps in ${seconds.toFixed(2)} s (${Math.round(steps / seconds)} a second)`;
  const unmatched = daemon.unmatched ?? [];
  const told = tables.filter((table) => table !== '').flatMap((table) => [table, '']);
  return [...told, ...accounting, unmatched, rate].flat().join('\n');
}
