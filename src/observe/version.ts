import { readFileSync } from 'node:fs';

/** Of this package; seen from src/observe/ and dist/observe/ alike. */
export const VERSION: string = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  }
).version;
