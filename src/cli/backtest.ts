import { outputPaths } from '../backtest/output-paths.ts';
import { type PlanOptions, planAll } from '../backtest/plan.ts';
import { ReportCollector } from '../backtest/report/collector.ts';
import { writeReport } from '../backtest/report/page.ts';
import type { FileResult } from '../backtest/result.ts';
import { resultText } from '../backtest/text.ts';
import { TextFile } from '../backtest/text-file.ts';
import { loadConfig } from '../config/load.ts';
import type { SourceConfig } from '../config/schema.ts';
import { createLog } from '../observe/log.ts';
import {
  BACKTEST_OPTIONS,
  type BacktestArguments,
  keyValues,
  STREAM_OPTIONS,
} from './backtest/arguments.ts';
import { backtestFile } from './backtest/one-file.ts';
import type { Command } from './command.ts';
import { UserError } from './exit.ts';
import { recordingKind, recordingSource, refuseOverwriting } from './recording.ts';
import { stopOnSignals } from './signals.ts';

export const command: Command<BacktestArguments> = {
  builder: (y) =>
    y
      .positional('files', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'CSV with a header line, or JSON lines (.ndjson, .jsonl); .gz too',
      })
      .options(BACKTEST_OPTIONS)
      .example('$0 backtest data.csv', 'Is it better than simple? Do the intervals hold?')
      .example('$0 backtest data.csv --report out.html', 'The same, drawn')
      .example(
        '$0 backtest ETTh1.csv.gz --horizon 48 --leads 1,24,48 --fit 0:2880 --test 3600:14400',
        'As benchmarks score it: standardised by the first rows',
      )
      .example('$0 backtest rec.ndjson.gz --config site.yaml', 'With the settings of a daemon'),
  handler: (argv) => backtest(argv),
};

async function backtest(argv: BacktestArguments): Promise<void> {
  const { sources, outputs, options } = checked(argv);
  const plans = await planAll(sources, options);
  const report = argv.report === undefined ? undefined : await TextFile.open(argv.report);
  const log = createLog('warn');
  let stopped = false;
  let stop = async (): Promise<void> => {};
  stopOnSignals(log, () => {
    stopped = true;
    return stop();
  });
  const results: FileResult[] = [];
  const collectors: ReportCollector[] = [];
  for (const [i, plan] of plans.entries()) {
    if (stopped) break;
    const collector = report && new ReportCollector(plan, plans.length);
    const result = await backtestFile(plan, {
      forecasts: outputs.forecasts?.[i],
      anomalies: outputs.anomalies?.[i],
      log,
      collector,
      onStart: (running) => {
        stop = running;
      },
    });
    results.push(result);
    if (collector) collectors.push(collector);
    if (!argv.json) console.log(`${i > 0 ? '\n' : ''}${resultText(result)}`);
  }
  if (argv.json) console.log(JSON.stringify(plans.length === 1 ? results[0] : results, null, 1));
  if (report) await writeReport(report, results, collectors);
}

interface Checked {
  readonly sources: readonly SourceConfig[];
  /** By place of the input. */
  readonly outputs: { readonly forecasts?: string[]; readonly anomalies?: string[] };
  readonly options: PlanOptions;
}

/** What can be told without a look into the files. @throws UserError with one line a fault */
function checked(argv: BacktestArguments): Checked {
  const { files, config: configFile } = argv;
  const faults: string[] = [];
  const paths = (option: 'forecasts' | 'anomalies'): string[] | undefined => {
    const out = argv[option];
    return out === undefined ? undefined : outputPaths(`--${option}`, out, files, faults);
  };
  const outputs = { forecasts: paths('forecasts'), anomalies: paths('anomalies') };
  for (const option of STREAM_OPTIONS) {
    if (configFile === undefined || argv[option] === undefined) continue;
    faults.push(`--${option}: --config is given as well; write it there`);
  }
  const set = keyValues(argv.set ?? [], faults);
  const written = [argv.report, outputs.forecasts, outputs.anomalies].flat();
  for (const file of files) {
    try {
      for (const out of [undefined, ...written]) refuseOverwriting(file, out);
      recordingKind(file);
    } catch (error) {
      faults.push((error as Error).message);
    }
  }
  if (faults.length > 0) throw new UserError(faults.join('\n'));
  const config = configFile === undefined ? undefined : loadConfig(configFile);
  const seasons = argv.season?.[0] === 'none' ? [] : argv.season;
  return {
    sources: files.map((file) => recordingSource(file, config?.source)),
    outputs,
    options: { ...argv, seasons, leads: argv.leads?.map(Number), config, set },
  };
}
