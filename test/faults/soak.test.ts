import { shortVersion } from './short.ts';
import { soak } from './soak.ts';

shortVersion(soak, { runs: 30_000, seed: 1 });
