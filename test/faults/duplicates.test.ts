import { duplicates } from './duplicates.ts';
import { shortVersion } from './short.ts';

shortVersion(duplicates, { runs: 1, seed: 1 });
