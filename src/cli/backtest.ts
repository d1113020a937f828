import { parse as parseYaml } from 'yaml';
import type { CommandModule } from 'yargs';
import { AnomaliesFile } from '../backtest/anomalies-file.ts';
import { ForecastsFile } from '../backtest/forecasts-file.ts';
import { outputPaths } from '../backtest/output-paths.ts';
import { type Plan, planAll } from '../backtest/plan.ts';
import { ReportCollector } from '../backtest/report/collector.ts';
import { writeReport } from '../backtest/report/page.ts';
import { allWindows, type FileResult, seriesResult } from '../backtest/result.ts';
import { runBacktest } from '../backtest/run.ts';
import { resultText } from '../backtest/text.ts';
import { TextFile } from '../backtest/text-file.ts';
import { loadConfig } from '../config/load.ts';
import { createLog, type Logger } from '../observe/log.ts';
import { UserError } from './exit.ts';
import { progressBar } from './progress.ts';
import { recordingSource, refuseOverwriting } from './recording.ts';
import { stopOnSignals } from './signals.ts';

const MODEL = 'The data and the model';
const SCORING = 'What is scored';
const OUTPUT = 'Output';

interface BacktestArguments {
  files: string[];
  config?: string;
  every?: string;
  horizon?: number;
  season?: string[];
  columns?: string[];
  time?: string;
  effort?: string;
  cell?: string;
  set?: string[];
  leads?: string[];
  skip?: number;
  from?: string;
  test?: string;
  fit?: string;
  json: boolean;
  forecasts?: string;
  anomalies?: string;
  report?: string;
}

export const backtestCommand: CommandModule<object, BacktestArguments> = {
  command: 'backtest <files..>',
  describe: 'How good would the forecasts have been? One honest pass over recorded data',
  builder: (y) =>
    y
      .positional('files', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'CSV with a header line, or JSON lines (.ndjson, .jsonl); .gz too',
      })
      .options({
        config: text(MODEL, 'Configuration (YAML) in place of the options of this group'),
        every: text(MODEL, 'Time between rows, e.g. 15m; default: told by the stamps'),
        horizon: { ...number(MODEL, 'Steps to forecast; default: a season, at most 48') },
        season: list(MODEL, 'Seasons, e.g. 1d,7d, or none; default: by the cadence'),
        columns: list(MODEL, 'Columns to forecast; default: all that hold numbers'),
        time: text(MODEL, 'Column of the time; default: found by name or content'),
        effort: text(MODEL, 'model.effort'),
        cell: text(MODEL, 'model.cell'),
        set: {
          ...list(MODEL, 'Any other key of the stream, e.g. --set model.hidden=32'),
          coerce: undefined,
        },
      })
      .options({
        leads: list(SCORING, 'Leads to tell of, e.g. 1,24,48; default: first, middle, last'),
        skip: number(SCORING, 'Steps of burn-in; default: a tenth, at most 1000'),
        from: text(SCORING, 'Score from this time on'),
        test: text(SCORING, 'Score targets in rows A:B (from 0; B is not in it)'),
        fit: text(SCORING, 'Divide errors by the standard deviation of rows A:B'),
      })
      .options({
        json: {
          type: 'boolean',
          default: false,
          group: OUTPUT,
          describe: 'Print the result as JSON',
        },
        report: text(OUTPUT, 'Write a page with charts (HTML, one file, works offline)'),
        forecasts: text(
          OUTPUT,
          'Write every forecast (NDJSON, .gz too); a folder for several files',
        ),
        anomalies: text(OUTPUT, 'Write the anomaly score of every row (NDJSON); file or folder'),
      })
      .example('$0 backtest data.csv', 'Is it better than simple? Do the intervals hold?')
      .example('$0 backtest data.csv --report out.html', 'The same, drawn')
      .example(
        '$0 backtest ETTh1.csv.gz --horizon 48 --leads 1,24,48 --fit 0:2880 --test 3600:14400',
        'As benchmarks score it: standardised by the first rows',
      )
      .example('$0 backtest rec.ndjson.gz --config site.yaml', 'With the settings of a daemon'),
  handler: (argv) => backtest(argv),
};

function text(group: string, describe: string) {
  return { type: 'string', requiresArg: true, group, describe } as const;
}

function number(group: string, describe: string) {
  return { type: 'number', requiresArg: true, group, describe } as const;
}

/** `--x a,b` or `--x a --x b` */
function list(group: string, describe: string) {
  const coerce = (given: string | string[] | undefined): string[] | undefined =>
    given === undefined ? undefined : [given].flat().flatMap((part) => part.split(','));
  return { type: 'string', array: true, nargs: 1, group, describe, coerce } as const;
}

async function backtest(argv: BacktestArguments): Promise<void> {
  const { files } = argv;
  const faults: string[] = [];
  const outputs = {
    forecasts: argv.forecasts && outputPaths('--forecasts', argv.forecasts, files, faults),
    anomalies: argv.anomalies && outputPaths('--anomalies', argv.anomalies, files, faults),
  };
  for (const option of [
    'every',
    'horizon',
    'season',
    'columns',
    'effort',
    'cell',
    'set',
  ] as const) {
    if (argv.config === undefined || argv[option] === undefined) continue;
    faults.push(`--${option}: --config is given as well; write it there`);
  }
  const sources = files.flatMap((file) => {
    try {
      for (const out of [argv.report, ...Object.values(outputs).flat()]) {
        refuseOverwriting(file, out || undefined);
      }
      return [recordingSource(file)];
    } catch (error) {
      faults.push((error as Error).message);
      return [];
    }
  });
  const set = keys(argv.set ?? [], faults);
  if (faults.length > 0) throw new UserError([...new Set(faults)].join('\n'));

  const plans = await planAll(sources, {
    ...argv,
    seasons: argv.season?.[0] === 'none' ? [] : argv.season,
    leads: argv.leads?.map(Number),
    config: argv.config === undefined ? undefined : loadConfig(argv.config),
    set,
  });
  const report = argv.report === undefined ? undefined : await TextFile.open(argv.report);
  const log = createLog('warn');
  const stops: (() => Promise<void>)[] = [];
  stopOnSignals(log, async () => {
    await stops.at(-1)?.();
  });
  const results: FileResult[] = [];
  const pages: ReportCollector[] = [];
  for (const [i, plan] of plans.entries()) {
    const collector = report && new ReportCollector(plan, plans.length);
    const paths = {
      forecasts: outputs.forecasts ? outputs.forecasts[i] : undefined,
      anomalies: outputs.anomalies ? outputs.anomalies[i] : undefined,
    };
    const result = await one(plan, { paths, log, collector, stops });
    results.push(result);
    if (collector) pages.push(collector);
    if (!argv.json) console.log(`${results.length > 1 ? '\n' : ''}${resultText(result)}`);
  }
  if (argv.json) console.log(JSON.stringify(results.length === 1 ? results[0] : results, null, 1));
  if (report) await writeReport(report, results, pages);
}

interface OneOptions {
  readonly paths: { readonly forecasts?: string; readonly anomalies?: string };
  readonly log: Logger;
  readonly collector?: ReportCollector;
  readonly stops: (() => Promise<void>)[];
}

async function one(plan: Plan, { paths, log, collector, stops }: OneOptions): Promise<FileResult> {
  const { config, scoring, survey, everyMs } = plan;
  const forecasts =
    paths.forecasts === undefined
      ? undefined
      : new ForecastsFile(await TextFile.open(paths.forecasts));
  const single = plan.seriesCount === 1;
  const anomalies =
    paths.anomalies === undefined
      ? undefined
      : new AnomaliesFile(
          single ? paths.anomalies : paths.anomalies.replace(/\.ndjson(\.gz)?$/, ''),
          single,
          survey.timeOf,
        );
  let bar: { stop(): void } | undefined;
  try {
    const { series, accounting, seconds } = await runBacktest({
      config,
      scoring,
      everyMs,
      log,
      sinks: [forecasts, anomalies].filter((sink) => sink !== undefined),
      watcher: collector,
      wrap: (source) => anomalies?.watch(source) ?? source,
      onStart: (running) => {
        stops.push(running.stop);
        bar = progressBar(running.progress, plan.file);
      },
    });
    return {
      file: plan.file,
      every: plan.every,
      seasons: plan.seasons,
      horizon: plan.horizon,
      seconds,
      samples: [...accounting.values()],
      series: [...series].map(([name, m]) => seriesResult(name, m, scoring.leads)),
      all: allWindows([...series.values()]),
    };
  } finally {
    bar?.stop();
  }
}

/** `key=value`, the value as YAML reads it. */
function keys(given: readonly string[], faults: string[]): Map<string, unknown> {
  const set = new Map<string, unknown>();
  for (const entry of given) {
    const [, key, value] = /^([\w.]+)=(.+)$/s.exec(entry) ?? [];
    if (key === undefined) faults.push(`--set: "${entry}" is not KEY=VALUE`);
    else set.set(key, parseYaml(value!));
  }
  return set;
}
