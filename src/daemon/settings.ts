import type { AlignSettings } from '../align/aligner.ts';
import { channelsOf } from '../config/channels.ts';
import { type Period, periodMs } from '../config/duration.ts';
import type { Config, StreamConfig } from '../config/schema.ts';
import { streamName } from '../config/stream-name.ts';
import { BAR_PARTS, type BarPart } from '../decode/bars.ts';
import type { Effort, ForecasterSettings, RecurrentSettings } from '../forecaster/forecaster.ts';
import { networkSize } from '../forecaster/network-defaults.ts';
import { widestFirst } from '../forecaster/report.ts';
import type { SymbolSettings } from '../forecaster/symbol/symbol-forecaster.ts';
import type { Bounds, TransformKind } from '../forecaster/transform.ts';
import type { EngineChoice } from './engines.ts';
import { readInitialWeights } from './initial-weights.ts';

const MIB = 2 ** 20;
/** Mean length of a month, where a calendar grid must be told in ms. */
export const MONTH_MS = 30.4375 * 86_400_000;

/** What the core needs to know of a stream: the configuration without topics and payloads. */
export interface StreamSettings {
  readonly name: string;
  /** Whether arrival times serve is told by each series. */
  readonly align: Omit<AlignSettings, 'receiveTime'>;
  /** Of a stream of symbols: how many a series may have, `(other)` included. */
  readonly symbolsMax?: number;
  readonly horizon: number;
  readonly seasons: 'auto' | readonly Period[];
  /** Nominal, the widest interval first. */
  readonly coverage: readonly number[];
  /** Leads written to forecast_score, ascending. */
  readonly scoreLeads: readonly number[];
  /** Whether points carry the weights of the experts at these leads. */
  readonly reportWeights: boolean;
  readonly recurrent: RecurrentSettings | undefined;
  readonly effort: Effort;
  readonly transform?: TransformKind;
  readonly bounds?: Bounds;
  /** How many of each kind come with a step; they are a group's last channels, in this order. */
  readonly covariates?: { readonly past: number; readonly known: number };
  readonly engine: EngineChoice;
  readonly seed: number;
}

/** @throws InitialWeightsError when a stream's initial weights cannot be used */
export function streamSettings(config: Config): Map<string, StreamSettings> {
  return new Map(config.streams.map((stream) => [streamName(stream), settingsOf(stream)]));
}

/** The season's length on a grid of `everyMs`, in whole steps; undefined where it has none. */
export function seasonSteps(season: Period, everyMs: number): number | undefined {
  const ms = 'ms' in season ? season.ms : season.months * MONTH_MS;
  const steps = Math.round(ms / everyMs);
  return steps >= 2 ? steps : undefined;
}

/** A part of a bar puts trades together in its own way; volumes are counts. */
export function partSettings(stream: StreamSettings, part: BarPart): StreamSettings {
  const settings = { ...stream, align: { ...stream.align, aggregate: BAR_PARTS[part] } };
  return part === 'volume' ? { ...settings, transform: 'none', bounds: { min: 0 } } : settings;
}

/** The first season of a stream that is told, in steps of its grid; undefined where there is none. */
export function firstSeasonSteps(
  { every, seasons }: StreamConfig,
  everyMs: number,
): number | undefined {
  if (seasons === 'auto') return undefined;
  const [season] = seasons;
  return season && seasonSteps(season, every ? periodMs(every) : everyMs);
}

/** How a series on a grid of `everyMs` is forecast. */
export function forecasterSettings(
  settings: StreamSettings,
  everyMs: number,
  seed: number,
): ForecasterSettings {
  const { horizon, seasons, coverage, recurrent, effort, transform, bounds } = settings;
  const seasonSteps = seasons === 'auto' ? seasons : toldSeasonSteps(settings, everyMs);
  const knownAhead = settings.covariates?.known ?? 0;
  const common = { knownAhead, horizon, coverage, everyMs, recurrent, effort, transform, seed };
  return { ...common, seasonSteps, ...(bounds && { bounds }) };
}

/** Ascending; none where they are still to be found. */
function toldSeasonSteps({ seasons }: StreamSettings, everyMs: number): number[] {
  if (seasons === 'auto') return [];
  const steps = seasons.flatMap((season) => seasonSteps(season, everyMs) ?? []);
  return [...new Set(steps)].sort((a, b) => a - b);
}

/** How a series of symbols on a grid of `everyMs` is forecast. */
export function symbolSettings(
  settings: StreamSettings,
  everyMs: number,
  seed: number,
): SymbolSettings {
  const { horizon, recurrent } = forecasterSettings(settings, everyMs, seed);
  const seasonSteps = toldSeasonSteps(settings, everyMs);
  const symbolsMax = settings.symbolsMax!;
  return { horizon, symbolsMax, seasonSteps, everyMs, recurrent, seed };
}

function settingsOf(stream: StreamConfig): StreamSettings {
  const settings = coldSettings(stream);
  const { recurrent } = settings;
  const { every, model } = stream;
  if (!every || !recurrent || model.initial_weights === undefined) return settings;
  const everyMs = 'ms' in every ? every.ms : every.months * MONTH_MS;
  const forecaster = {
    ...forecasterSettings(settings, everyMs, model.seed),
    seasonSteps: toldSeasonSteps(settings, everyMs),
  };
  const initialWeights = readInitialWeights(settings.name, model.initial_weights, forecaster);
  return { ...settings, recurrent: { ...recurrent, initialWeights } };
}

function coldSettings(stream: StreamConfig): StreamSettings {
  const { model } = stream;
  const { past, known } = channelsOf(stream);
  return {
    name: streamName(stream),
    align: {
      every: stream.every,
      aggregate: stream.aggregate,
      several: stream.kind === 'symbol' ? 'last' : 'mean',
      latenessMs: stream.lateness,
      gapStepsMax: stream.gap_limit,
      aheadStepsMax: stream.ahead_limit,
    },
    ...(stream.kind === 'symbol' ? { symbolsMax: stream.symbols_max + 1 } : {}),
    horizon: stream.horizon,
    // The shape of weights that are given hangs on the seasons: there they must be told.
    seasons: model.initial_weights !== undefined && stream.seasons === 'auto' ? [] : stream.seasons,
    coverage: widestFirst(stream.coverage),
    reportWeights: false,
    scoreLeads: scoreLeads(stream),
    recurrent:
      model.cell === 'none'
        ? undefined
        : {
            cell: model.cell,
            ...networkSize(model.effort, {
              hidden: model.hidden,
              layers: model.layers,
              updateSteps: model.update_interval,
              windowSteps: model.window,
              learningRate: model.learning_rate,
            }),
            optimizer: model.optimizer,
            clipNorm: model.clip_norm,
          },
    effort: model.effort,
    transform: stream.transform,
    covariates: { past: past.length, known: known.length },
    ...(stream.bounds && { bounds: stream.bounds }),
    engine: {
      name: model.engine,
      fallback: model.engine_fallback,
      bytesMax: model.memory_mib * MIB,
    },
    seed: model.seed,
  };
}

function scoreLeads(stream: StreamConfig): number[] {
  if (stream.score_leads === 'all') return Array.from({ length: stream.horizon }, (_, i) => i + 1);
  return [...new Set(stream.score_leads ?? [1, stream.horizon])].sort((a, b) => a - b);
}
