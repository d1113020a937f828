/** What is to be done with each recording, with everything that is wrong said at once. */
import { formatPeriod, type Period, parsePeriod, periodMs } from '../config/duration.ts';
import type { Config, SourceConfig, StreamConfig } from '../config/schema.ts';
import { configOf, fileOf, type StreamOptions, withRecording } from './config.ts';
import { BacktestError } from './fault.ts';
import { type RangeOptions, rangesOf } from './ranges.ts';
import type { Scoring } from './run.ts';
import { type Survey, surveyFile } from './survey.ts';

export interface PlanOptions extends StreamOptions, RangeOptions {
  /** In place of the stream options. */
  readonly config?: Config;
}

export interface Plan {
  readonly file: string;
  readonly survey: Survey;
  readonly config: Config;
  readonly scoring: Scoring;
  readonly everyMs: number;
  /** Steps that the recording spans. */
  readonly steps: number;
  readonly horizon: number;
  /** Series that are expected; undefined: the recording's topics tell. */
  readonly seriesCount: number | undefined;
  /** For a person. */
  readonly every: string;
  readonly seasons: readonly string[];
}

/** @throws BacktestError with one line a fault, of all recordings */
export async function planAll(
  sources: readonly SourceConfig[],
  options: PlanOptions,
): Promise<Plan[]> {
  const plans: Plan[] = [];
  const faults: string[] = [];
  for (const source of sources) {
    try {
      plans.push(await plan(source, options));
    } catch (error) {
      if (!(error instanceof Error && 'exitCode' in error)) throw error;
      faults.push(error.message);
    }
  }
  if (faults.length > 0) throw new BacktestError(faults.join('\n'));
  return plans;
}

async function plan(source: SourceConfig, options: PlanOptions): Promise<Plan> {
  const file = fileOf(source);
  const survey = await surveyFile(source, options.time ?? timeField(options.config));
  const { config, faults } = options.config
    ? { config: withRecording(options.config, survey.source), faults: [] }
    : configOf(survey, options);
  const everyMs = spacingMs(survey, config?.streams[0]?.every);
  const spanned = Math.round((survey.lastMs - survey.firstMs) / everyMs) + 1;
  const steps = Number.isFinite(spanned) ? spanned : survey.rows;
  const ranges = rangesOf(options, { steps, firstMs: survey.firstMs, everyMs }, faults);
  const horizon = Math.max(...(config?.streams ?? []).map((s) => s.horizon));
  const leads = options.leads ?? (config ? someLeads(horizon) : []);
  if (config) rangeFaults({ ...ranges, leads }, { horizon, steps }, faults);
  if (!config || faults.length > 0) {
    throw new BacktestError(faults.map((fault) => `${file}: ${fault}`).join('\n'));
  }
  const [stream] = config.streams as [StreamConfig];
  return {
    file,
    survey,
    config: { ...config, streams: config.streams.map((s) => ({ ...s, ...scoreLeads(s, leads) })) },
    scoring: { ...ranges, leads },
    everyMs,
    steps,
    horizon,
    seriesCount: survey.layout.recorded ? undefined : columnCount(stream, survey),
    every: stream.every ? formatPeriod(stream.every) : (survey.every ?? 'step'),
    seasons: stream.seasons === 'auto' ? [] : stream.seasons.map(formatPeriod),
  };
}

/** What is wrong between the scored range, the leads and the horizon. */
function rangeFaults(
  { leads, from, to }: Scoring,
  { horizon, steps }: Pick<Plan, 'horizon' | 'steps'>,
  faults: string[],
): void {
  for (const lead of leads) {
    if (Number.isInteger(lead) && lead >= 1 && lead <= horizon) continue;
    faults.push(`--leads: ${lead} is no lead; write whole numbers from 1 to ${horizon}`);
  }
  const scored = Math.min(to, steps) - from;
  if (faults.length > 0 || scored >= horizon) return;
  const message = `a horizon of ${horizon} is too long: only ${scored} of ${steps} steps are scored`;
  faults.push(`--horizon: ${message}; shorten it, or score more with --skip`);
}

/** The weights of these leads are then told as well. */
function scoreLeads(
  { horizon }: StreamConfig,
  leads: readonly number[],
): { score_leads: number[] } {
  return { score_leads: leads.filter((lead) => lead <= horizon) };
}

function columnCount({ values }: StreamConfig, { layout }: Survey): number {
  return values === '*' ? layout.numeric.length : [values].flat().length;
}

/** The first, the last, and the one half way. */
function someLeads(horizon: number): number[] {
  return [...new Set([1, Math.ceil(horizon / 2), horizon])];
}

/** Period of the grid; as near as the stamps tell, where nothing says it. */
function spacingMs({ every, firstMs, lastMs, rows }: Survey, given: Period | undefined): number {
  if (given) return periodMs(given);
  if (every !== undefined) return periodMs(parsePeriod(every));
  return (lastMs - firstMs) / Math.max(1, rows - 1);
}

function timeField(config: Config | undefined): string | undefined {
  const time = config?.streams[0]?.time;
  if (typeof time === 'object') return time.field;
  return time === 'auto' || time === 'receive' ? undefined : time;
}
