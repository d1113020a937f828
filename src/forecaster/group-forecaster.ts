/**
 * The channels of one multivariate series, step by step: each has a forecaster of its own, and sees
 * the others' values of the same step as its companions. One network serves them all: all channels
 * in, all leads of all channels out. (Where seasons are still to be found, or weights were given,
 * each has its own: the network's shape hangs on them.)
 */
import type { RecurrentEngine } from '../recurrent/engine.ts';
import { ByteReader, ByteWriter } from '../store/bytes.ts';
import { SharedNetwork } from './experts/shared-network.ts';
import type { ForecasterSettings, SeriesForecaster, StepReport } from './forecaster.ts';
import { createSeriesForecaster } from './series-forecaster.ts';
import type { ForecasterView, LeadView } from './view.ts';

/** One series, or several that are learned together. */
export interface GroupForecaster {
  /**
   * The next step of the grid has closed: as `SeriesForecaster.step`, for all channels at once.
   * @param values one a channel, then one a past covariate; NaN for a gap
   * @param ahead covariates known ahead, [knownAhead][1 + horizon]
   * @returns one report a channel; they hold until the next step
   */
  step(timeMs: number, values: Float64Array, ahead?: Float64Array): readonly StepReport[];
  restart(): void;
  /** As `SeriesForecaster.thin`. */
  thin(factor: number): void;
  /** The present weight of each expert for a channel (0-based) at a lead (1-based). */
  weights(channel: number, lead: number): { readonly expert: string; readonly weight: number }[];
  /** As of a `SeriesForecaster`. */
  lead(channel: number, lead: number): LeadView;
  view(channel: number): ForecasterView;
  save(): Uint8Array;
  /** @throws Error when the bytes are of other settings or damaged; the forecaster is then void. */
  load(bytes: Uint8Array): void;
}

/**
 * @param settings of each channel; its `companions` are the past covariates
 * @param seeds one a channel
 */
export function createGroupForecaster(
  settings: ForecasterSettings,
  seeds: readonly number[],
  engine: RecurrentEngine,
): GroupForecaster {
  return new Channels(settings, seeds, engine);
}

class Channels implements GroupForecaster {
  readonly #channels: readonly SeriesForecaster[];
  /** Of each channel: the others' values. */
  readonly #companions: Float64Array;

  constructor(settings: ForecasterSettings, seeds: readonly number[], engine: RecurrentEngine) {
    const companions = seeds.length - 1 + (settings.companions ?? 0);
    this.#companions = new Float64Array(companions);
    const shared = sharedNetwork(settings, seeds, engine);
    this.#channels = seeds.map((seed) =>
      createSeriesForecaster({ ...settings, seed, companions }, engine, shared),
    );
  }

  step(timeMs: number, values: Float64Array, ahead?: Float64Array): readonly StepReport[] {
    for (const [c, channel] of this.#channels.entries()) {
      let i = 0;
      for (let other = 0; other < values.length; other++) {
        if (other !== c) this.#companions[i++] = values[other]!;
      }
      channel.take(timeMs, values[c]!, this.#companions, ahead);
    }
    return this.#channels.map((channel) => channel.issue());
  }

  restart(): void {
    for (const channel of this.#channels) channel.restart();
  }

  thin(factor: number): void {
    for (const channel of this.#channels) channel.thin(factor);
  }

  weights(channel: number, lead: number): { expert: string; weight: number }[] {
    return this.#channels[channel]!.weights(lead);
  }

  lead(channel: number, lead: number): LeadView {
    return this.#channels[channel]!.lead(lead);
  }

  view(channel: number): ForecasterView {
    return this.#channels[channel]!.view();
  }

  save(): Uint8Array {
    const out = new ByteWriter();
    for (const channel of this.#channels) out.bytes(channel.save());
    return out.finish();
  }

  load(bytes: Uint8Array): void {
    const from = new ByteReader(bytes);
    for (const channel of this.#channels) channel.load(from.bytes());
    from.end();
  }
}

function sharedNetwork(
  { seasonSteps, recurrent, ...settings }: ForecasterSettings,
  seeds: readonly number[],
  engine: RecurrentEngine,
): SharedNetwork | undefined {
  const alone = seeds.length === 1 || seasonSteps === 'auto' || recurrent?.initialWeights;
  if (alone || !recurrent) return undefined;
  const seasoned = { ...settings, seasonSteps, recurrent, seed: seeds[0]! };
  return new SharedNetwork(seasoned, recurrent, engine, seeds.length);
}
