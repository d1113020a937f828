import { databaseFails } from './database-fails.ts';
import { shortVersion } from './short.ts';

shortVersion(databaseFails, { runs: 2, seed: 1 });
