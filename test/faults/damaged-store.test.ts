import { damagedStore } from './damaged-store.ts';
import { shortVersion } from './short.ts';

shortVersion(damagedStore, { runs: 4, seed: 1 });
