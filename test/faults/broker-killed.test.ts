import { brokerKilled } from './broker-killed.ts';
import { shortVersion } from './short.ts';

shortVersion(brokerKilled, { runs: 2, seed: 1 });
