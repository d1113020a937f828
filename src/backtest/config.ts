/** The configuration of a backtest: from the command line, by the schema, with every fault at once. */
import { formatDuration, formatPeriod, parsePeriod, periodMs } from '../config/duration.ts';
import { faultsOf, pathText } from '../config/faults.ts';
import { type Config, configSchema, type SourceConfig } from '../config/schema.ts';
import { likelySeasonMs } from '../forecaster/season-finder.ts';
import type { Layout } from './layout.ts';
import type { Survey } from './survey.ts';

/** What a user may say of the stream in place of a configuration. */
export interface StreamOptions {
  readonly every?: string;
  readonly horizon?: number;
  readonly seasons?: readonly string[];
  readonly columns?: readonly string[];
  /** Columns that help to forecast the others. */
  readonly covariates?: readonly string[];
  readonly time?: string;
  readonly effort?: string;
  readonly cell?: string;
  readonly leads?: readonly number[];
  /** Further keys of the stream, as in a configuration: `model.window` → 64. */
  readonly set?: ReadonlyMap<string, unknown>;
}

const DAY_MS = 86_400_000;
const TOPIC = 'backtest';
/** A guessed season is one that the recording holds so many times. */
const SEASONS_MIN = 3;
/** Horizons that nobody asked for end here. */
const HORIZON_MAX = 48;
/** Which option of the command line sets what in the configuration. */
const OPTIONS: readonly (readonly [RegExp, string])[] = [
  [/^streams\[0]\.every/, '--every'],
  [/^streams\[0]\.horizon/, '--horizon'],
  [/^streams\[0]\.seasons/, '--season'],
  [/^streams\[0]\.score_leads/, '--leads'],
  [/^streams\[0]\.values/, '--columns'],
  [/^streams\[0]\.covariates/, '--covariates'],
  [/^streams\[0]\.time/, '--time'],
  [/^streams\[0]\.model\.effort/, '--effort'],
  [/^streams\[0]\.model\.cell/, '--cell'],
];

/** Faults name the options; with any, there is no configuration. */
export function configOf(
  survey: Survey,
  options: StreamOptions,
): { readonly config: Config | undefined; readonly faults: string[] } {
  const faults = layoutFaults(survey, options);
  const { raw, usable } = rawConfig(survey, options);
  const parsed = configSchema.safeParse(raw);
  for (const issue of parsed.error?.issues ?? []) {
    for (const fault of faultsOf(issue, raw, () => undefined)) {
      const path = pathText(fault.key === undefined ? fault.path : [...fault.path, fault.key]);
      const option = OPTIONS.find(([pattern]) => pattern.test(path))?.[1];
      if (usable || option !== '--every' || options.every !== undefined) {
        faults.push(`${option ?? `--set ${path.replace('streams[0].', '')}`}: ${fault.message}`);
      }
    }
  }
  return { config: faults.length > 0 ? undefined : parsed.data, faults };
}

/** A configuration from a file, with the recording in the place of its source, and no sinks. */
export function withRecording(config: Config, source: SourceConfig): Config {
  const streams = config.streams.map((stream) => ({ ...stream }));
  return { ...config, source, sinks: {}, streams, log: { level: 'warn' } };
}

export function fileOf({ csv, ndjson }: SourceConfig): string {
  return (csv ?? ndjson)!.file;
}

/** Columns that can be forecast: numbers, or any texts where they are symbols. */
function usableColumns({ time, numeric, all }: Layout, { set }: StreamOptions): readonly string[] {
  if (set?.get('kind') !== 'symbol') return numeric;
  return all.filter((column) => !(time?.kind === 'field' && time.field === column));
}

function layoutFaults({ layout, every, rows }: Survey, options: StreamOptions): string[] {
  const { time, all } = layout;
  const numeric = usableColumns(layout, options);
  const faults: string[] = [];
  if (rows === 0) return ['holds no rows'];
  const there = `there are ${all.join(', ') || 'none'}`;
  if (!time && options.time !== undefined && !all.includes(options.time)) {
    faults.push(`--time: no column "${options.time}"; ${there}`);
  } else if (!time) {
    faults.push(`no column of times was found; name it with --time (${there})`);
  }
  for (const key of ['columns', 'covariates'] as const) {
    for (const column of options[key] ?? []) {
      if (!all.includes(column)) faults.push(`--${key}: no column "${column}"; ${there}`);
      else if (!numeric.includes(column)) faults.push(`--${key}: "${column}" holds no numbers`);
    }
  }
  if (numeric.length === 0) {
    const states = 'states are read with --columns NAME --set kind=symbol';
    faults.push(`no column of numbers was found; ${there}; ${states}`);
  }
  if (time && every === undefined && options.every === undefined) {
    faults.push('its times tell no cadence; give it with --every, as in --every 1h');
  }
  return faults;
}

function rawConfig(
  survey: Survey,
  options: StreamOptions,
): { raw: Record<string, unknown>; usable: boolean } {
  const { layout, source } = survey;
  const every = options.every ?? survey.every;
  const everyMs = lengthMs(every);
  const spanMs = survey.lastMs - survey.firstMs;
  const seasons = options.seasons ?? guessedSeasons(everyMs, spanMs);
  const horizon = options.horizon ?? guessedHorizon(seasons[0], everyMs, survey.rows);
  const { time } = layout;
  const { covariates = [] } = options;
  const others = usableColumns(layout, options).filter((column) => !covariates.includes(column));
  const stream: Record<string, unknown> = {
    topic: layout.recorded ? '#' : TOPIC,
    ...(layout.recorded ? {} : { series: '{field}' }),
    values: options.columns ?? (layout.recorded ? '*' : others),
    ...(covariates.length > 0 && { covariates: covariates.map((field) => ({ field })) }),
    time: time?.kind === 'field' ? time.field : 'auto',
    ...(every !== undefined && { every }),
    horizon,
    seasons,
    ...(options.leads && { score_leads: options.leads }),
    model: {
      ...(options.effort !== undefined && { effort: options.effort }),
      ...(options.cell !== undefined && { cell: options.cell }),
    },
  };
  // One of no numbers is told by `layoutFaults`.
  if (Array.isArray(stream.values) && stream.values.length === 0) stream.values = '*';
  for (const [key, value] of options.set ?? []) setPath(stream, key.split('.'), value);
  const raw = { source: withTopic(source), streams: [stream], log: { level: 'warn' } };
  return { raw, usable: Number.isFinite(everyMs) };
}

function withTopic({ csv, ndjson }: SourceConfig): SourceConfig {
  return csv ? { csv: { ...csv, topic: TOPIC } } : { ndjson: { ...ndjson!, topic: TOPIC } };
}

function setPath(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [key = '', ...rest] = path;
  if (rest.length === 0) {
    target[key] = value;
    return;
  }
  const inner = target[key];
  const holder = typeof inner === 'object' && inner !== null ? inner : {};
  target[key] = holder;
  setPath(holder as Record<string, unknown>, rest, value);
}

/** NaN where it is no period: the schema says so. */
function lengthMs(every: string | undefined): number {
  try {
    return every === undefined ? Number.NaN : periodMs(parsePeriod(every));
  } catch {
    return Number.NaN;
  }
}

/** The rhythm that data of such a cadence mostly have, where the recording is long enough for it. */
export function guessedSeasons(everyMs: number, spanMs: number): string[] {
  if (!Number.isFinite(everyMs)) return [];
  const ms = likelySeasonMs(everyMs);
  // A year of calendar months, where the grid may be one of months.
  const season = ms > 7 * DAY_MS ? '1y' : formatDuration(ms);
  return ms >= 2 * everyMs && spanMs >= SEASONS_MIN * ms ? [season] : [];
}

/** A season, as far as that is not long. */
function guessedHorizon(season: string | undefined, everyMs: number, rows: number): number {
  const steps = Math.round(lengthMs(season) / everyMs) || 12;
  return Math.max(1, Math.min(steps, HORIZON_MAX, Math.floor(rows / 4)));
}

/** `1d` → "the same time yesterday"; for a person. */
export function seasonWords(season: string): string {
  const ms = lengthMs(season);
  if (ms === DAY_MS) return 'the same time yesterday';
  if (ms === 7 * DAY_MS) return 'the same time last week';
  if (ms === 365.25 * DAY_MS) return 'the same time last year';
  if (ms === 3_600_000) return 'the same minute an hour before';
  return `the value ${formatPeriod(parsePeriod(season))} before`;
}
