import { disorder } from './disorder.ts';
import { shortVersion } from './short.ts';

shortVersion(disorder, { runs: 1, seed: 1 });
