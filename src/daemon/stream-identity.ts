import { channelsOf } from '../config/channels.ts';
import type { StreamConfig } from '../config/schema.ts';
import type { StreamSettings } from './settings.ts';

/** What a stream's saved states hang on, by name; as JSON has it. */
export type StreamIdentity = Readonly<Record<string, unknown>>;

/** With another identity, what was learned does not fit any more. */
export function streamIdentity(stream: StreamConfig, settings: StreamSettings): StreamIdentity {
  const { align, horizon, seasons, coverage, recurrent, effort, transform, bounds } = settings;
  const { every, aggregate, several } = align;
  const identity = {
    kind: stream.kind,
    channels: channelsOf(stream),
    bars: stream.bars,
    every,
    aggregate: [aggregate, several],
    horizon,
    seasons,
    coverage,
    // How fast it learns may change in mid-life.
    network: { ...recurrent, learningRate: 0, clipNorm: 0, initialWeights: 0 },
    effort,
    transform,
    bounds,
    symbols_max: settings.symbolsMax,
    engine: settings.engine.name,
    seed: settings.seed,
  };
  return JSON.parse(JSON.stringify(identity)) as StreamIdentity;
}

/** Names of what is different; empty where nothing is. */
export function differences(a: StreamIdentity, b: StreamIdentity): string[] {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].filter((key) => JSON.stringify(a[key]) !== JSON.stringify(b[key]));
}
