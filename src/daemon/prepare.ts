import type { Config } from '../config/schema.ts';
import type { Logger } from '../observe/log.ts';
import { type Engines, loadEngines } from './engines.ts';
import { type StreamSettings, streamSettings } from './settings.ts';

/** What the core needs besides the input; by stream. */
export interface CoreParts {
  readonly settings: ReadonlyMap<string, StreamSettings>;
  readonly engines: Engines;
}

/**
 * Reads and loads what the streams of a configuration name.
 * @param inUse engines that are loaded already
 * @throws InitialWeightsError, EngineUnavailable
 */
export async function prepareCore(
  config: Config,
  log: Pick<Logger, 'warn'>,
  inUse?: CoreParts,
): Promise<CoreParts> {
  const settings = streamSettings(config);
  const warn = (message: string): void => log.warn(message);
  return { settings, engines: await loadEngines(settings, warn, undefined, inUse) };
}
