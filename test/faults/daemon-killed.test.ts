import { daemonKilled } from './daemon-killed.ts';
import { shortVersion } from './short.ts';

shortVersion(daemonKilled, { runs: 3, seed: 1 });
