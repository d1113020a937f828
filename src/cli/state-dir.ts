import { statSync } from 'node:fs';
import { loadConfig } from '../config/load.ts';
import { stateDir } from '../config/state-dir.ts';

/** The state directory that is meant: itself, or the one that a configuration names. */
export function stateDirOf(path: string): string {
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  return isFile ? configuredStateDir(path) : path;
}

/** @param config file; without one: where a daemon would look that is told nothing */
export function configuredStateDir(config: string | undefined): string {
  return stateDir(config === undefined ? { state: {} } : loadConfig(config));
}
