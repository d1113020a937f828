/** One recording through the same pipeline as `run`, with its forecasts scored as they come true. */
import type { Config } from '../config/schema.ts';
import { streamName } from '../config/stream-name.ts';
import { Daemon } from '../daemon/daemon.ts';
import { prepareCore } from '../daemon/prepare.ts';
import { firstSeasonSteps } from '../daemon/settings.ts';
import { widestFirst } from '../forecaster/report.ts';
import type { Accounting } from '../observe/accounting.ts';
import type { Logger } from '../observe/log.ts';
import type { Sink } from '../sink/sink.ts';
import { createSource } from '../source/registry.ts';
import type { Source } from '../source/source.ts';
import type { SeriesPoints } from '../store/points.ts';
import { type MetricsSettings, SeriesMetrics, type Watch } from './metrics.ts';

export interface Scoring {
  readonly leads: readonly number[];
  readonly from: number;
  readonly to: number;
  readonly fit: readonly [number, number] | undefined;
}

/** Looks on: sees forecasts that came true in a step, then the step. */
export interface Watcher extends Watch {
  step(points: SeriesPoints, metrics: SeriesMetrics): void;
}

export interface BacktestJob {
  readonly config: Config;
  readonly scoring: Scoring;
  readonly sinks: readonly Sink[];
  readonly log: Logger;
  /** Period of the grid where the configuration leaves it to the data, ms. */
  readonly everyMs: number;
  readonly watcher?: Watcher;
  /** Has a hand on the source before it is read. */
  readonly wrap?: (source: Source) => Source;
  /** While it runs. */
  readonly onStart?: (running: { progress(): number; stop(): Promise<void> }) => void;
}

export interface BacktestOutcome {
  /** In order of appearance. */
  readonly series: ReadonlyMap<string, SeriesMetrics>;
  readonly accounting: Accounting;
  readonly seconds: number;
}

/** @throws SourceError, UnwrittenError, EngineUnavailable */
export async function runBacktest(job: BacktestJob): Promise<BacktestOutcome> {
  const { config, log, watcher, wrap = (source) => source } = job;
  const { settings, engines } = await prepareCore(config, log);
  const source = wrap(await createSource(config));
  const series = new Map<string, SeriesMetrics>();
  const onPoints = (batch: readonly SeriesPoints[]): void => {
    for (const points of batch) {
      let metrics = series.get(points.series);
      if (!metrics) {
        metrics = new SeriesMetrics(metricsSettings(job, points.stream));
        series.set(points.series, metrics);
      }
      metrics.add(points, watcher);
      watcher?.step(points, metrics);
    }
  };
  const daemon = new Daemon(config, {
    settings: new Map(Array.from(settings, ([name, of]) => [name, { ...of, reportWeights: true }])),
    engines,
    source,
    sinks: job.sinks,
    live: false,
    log,
    onPoints,
  });
  job.onStart?.({ progress: () => source.progress() ?? 0, stop: () => daemon.stop() });
  const startedMs = performance.now();
  await daemon.run();
  const seconds = (performance.now() - startedMs) / 1000;
  return { series, accounting: daemon.accounting(), seconds };
}

function metricsSettings({ config, scoring, everyMs }: BacktestJob, name: string): MetricsSettings {
  const stream = config.streams.find((s) => streamName(s) === name)!;
  return {
    horizon: stream.horizon,
    windowLeads: scoring.leads.filter((lead) => lead <= stream.horizon),
    seasonSteps: firstSeasonSteps(stream, everyMs),
    from: scoring.from,
    to: scoring.to,
    fit: scoring.fit,
    coverage: widestFirst(stream.coverage)[0]!,
  };
}
