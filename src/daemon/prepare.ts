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
 * @throws InitialWeightsError, EngineUnavailable
 */
export async function prepareCore(config: Config, log: Pick<Logger, 'warn'>): Promise<CoreParts> {
  const settings = streamSettings(config);
  return { settings, engines: await loadEngines(settings, (message) => log.warn(message)) };
}
