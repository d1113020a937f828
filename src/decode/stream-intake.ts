import { isDeepStrictEqual } from 'node:util';
import { type Channels, channelsOf } from '../config/channels.ts';
import type { StreamConfig } from '../config/schema.ts';
import { streamName } from '../config/stream-name.ts';
import type { PayloadDecoder } from './decoder.ts';
import { createLookAhead, type LookAhead } from './look-ahead.ts';
import { createNamer, type Namer } from './naming.ts';
import { createDecoder } from './registry.ts';
import type { SeriesInfo } from './series.ts';

export interface IntakeCounts {
  received: number;
  invalid: number;
  filtered: number;
}

export type CountsByStream = ReadonlyMap<string, Readonly<IntakeCounts>>;

export const NO_COUNTS: Readonly<IntakeCounts> = { received: 0, invalid: 0, filtered: 0 };

/** A stream, as the intake needs it. */
export interface StreamIntake {
  readonly name: string;
  readonly config: StreamConfig;
  readonly decoder: PayloadDecoder;
  readonly lookAhead: LookAhead | undefined;
  readonly namer: Namer;
  readonly channels: Channels;
  /** Whether values have logarithms taken of them. */
  readonly takesPositive: boolean;
  readonly counts: IntakeCounts;
  /** How many it has. */
  series: number;
}

/**
 * @param known series of all streams
 * @param counts to go on from
 * @param before streams whose configuration is the same are taken over as they are
 */
export function streamIntakes(
  streams: readonly StreamConfig[],
  known: readonly SeriesInfo[],
  counts: CountsByStream | undefined,
  before: readonly StreamIntake[] = [],
): StreamIntake[] {
  const series = new Map<string, number>();
  for (const { stream } of known) series.set(stream, (series.get(stream) ?? 0) + 1);
  return streams.map((config) => {
    const name = streamName(config);
    const same = before.find((one) => isDeepStrictEqual(one.config, config));
    const parts = same ?? {
      name,
      config,
      decoder: createDecoder(config),
      lookAhead: createLookAhead(config),
      namer: createNamer(config, name),
      channels: channelsOf(config),
      takesPositive: config.transform === 'log' || config.transform === 'log_return',
    };
    const own = { ...NO_COUNTS, ...counts?.get(name) };
    return { ...parts, counts: own, series: series.get(name) ?? 0 };
  });
}
