import type { Config } from './schema.ts';

/** Without a directory in the configuration: what systemd has made for us, else one right here. */
export function stateDir(
  { state }: { readonly state: Pick<Config['state'], 'dir'> },
  env: NodeJS.ProcessEnv = process.env,
): string {
  // Of several that a unit has, divided by colons, the first.
  const [given] = (env.STATE_DIRECTORY ?? '').split(':');
  return state.dir ?? (given || 'foretide-state');
}
