import { AnomaliesFile } from '../../backtest/anomalies-file.ts';
import { ForecastsFile } from '../../backtest/forecasts-file.ts';
import type { Plan } from '../../backtest/plan.ts';
import type { ReportCollector } from '../../backtest/report/collector.ts';
import { allWindows, type FileResult, seriesResult } from '../../backtest/result.ts';
import { runBacktest } from '../../backtest/run.ts';
import { TextFile } from '../../backtest/text-file.ts';
import type { Logger } from '../../observe/log.ts';
import { progressBar } from '../progress.ts';

export interface FileOptions {
  readonly forecasts?: string;
  readonly anomalies?: string;
  readonly log: Logger;
  readonly collector?: ReportCollector;
  /** Gets what ends the run in good order. */
  readonly onStart: (stop: () => Promise<void>) => void;
}

/** One recording, with its output files and its bar. */
export async function backtestFile(plan: Plan, options: FileOptions): Promise<FileResult> {
  const { config, scoring, everyMs } = plan;
  const { log, collector } = options;
  const forecasts =
    options.forecasts === undefined
      ? undefined
      : new ForecastsFile(await TextFile.open(options.forecasts));
  const anomalies =
    options.anomalies === undefined ? undefined : anomaliesFile(plan, options.anomalies);
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
        options.onStart(running.stop);
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

/** Several series have a file each, in a folder that is called as the file would be. */
function anomaliesFile({ seriesCount, survey }: Plan, path: string): AnomaliesFile {
  const single = seriesCount === 1;
  const place = single ? path : path.replace(/\.ndjson(\.gz)?$/, '');
  return new AnomaliesFile(place, single, survey.timeOf);
}
