/** What is to be done with each recording, with everything that is wrong said at once. */
import { formatPeriod, periodMs } from '../config/duration.ts';
import type { Config, SourceConfig } from '../config/schema.ts';
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
  const config = options.config
    ? withRecording(options.config, survey.source)
    : configOf(survey, options);
  const [stream] = config.streams as [Config['streams'][number]];
  const horizon = Math.max(...config.streams.map((s) => s.horizon));
  const everyMs = stream.every ? periodMs(stream.every) : spacingMs(survey);
  const spanned = Math.round((survey.lastMs - survey.firstMs) / everyMs) + 1;
  const steps = Number.isFinite(spanned) ? spanned : survey.rows;

  const faults: string[] = [];
  const ranges = rangesOf(options, { steps, firstMs: survey.firstMs, everyMs }, faults);
  const leads = options.leads ?? someLeads(horizon);
  for (const lead of leads) {
    if (!(Number.isInteger(lead) && lead >= 1 && lead <= horizon)) {
      faults.push(`--leads: ${lead} is no lead; write whole numbers from 1 to ${horizon}`);
    }
  }
  const scored = Math.min(ranges.to, steps) - ranges.from;
  if (faults.length === 0 && scored < horizon) {
    const message = `a horizon of ${horizon} is too long: only ${scored} of ${steps} steps are scored`;
    faults.push(`--horizon: ${message}; shorten it, or score more with --skip`);
  }
  if (faults.length > 0) {
    throw new BacktestError(faults.map((fault) => `${file}: ${fault}`).join('\n'));
  }
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
    seasons: stream.seasons.map(formatPeriod),
  };
}

/** The weights of these leads are then told as well. */
function scoreLeads(
  { horizon }: Config['streams'][number],
  leads: readonly number[],
): { score_leads: number[] } {
  return { score_leads: leads.filter((lead) => lead <= horizon) };
}

function columnCount({ values }: Config['streams'][number], { layout }: Survey): number {
  return values === '*' ? layout.numeric.length : [values].flat().length;
}

/** The first, the last, and the one half way. */
function someLeads(horizon: number): number[] {
  return [...new Set([1, Math.ceil(horizon / 2), horizon])];
}

function spacingMs({ firstMs, lastMs, rows }: Survey): number {
  return (lastMs - firstMs) / Math.max(1, rows - 1);
}

function timeField(config: Config | undefined): string | undefined {
  const time = config?.streams[0]?.time;
  if (typeof time === 'object') return time.field;
  return time === 'auto' || time === 'receive' ? undefined : time;
}
