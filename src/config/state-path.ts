import type { Environment } from './environment.ts';
import type { Config } from './schema.ts';

const DEFAULT_DIR = 'foretide-state';

/** Where a daemon keeps what outlives it; relative paths are so to the working directory. */
export function statePath(state: Pick<Config['state'], 'dir'>, env: Environment): string {
  // systemd names several, divided by colons, where a unit has several.
  const [given] = (env.STATE_DIRECTORY ?? '').split(':');
  return state.dir ?? (given || DEFAULT_DIR);
}
