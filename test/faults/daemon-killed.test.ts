import { daemonKilled } from './daemon-killed.ts';
import { shortVersion } from './short.ts';

shortVersion(daemonKilled, { runs: 4, seed: 1 });
