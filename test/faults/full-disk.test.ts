import { describe } from 'vitest';
import { FailingDisk } from '../support/failing-disk.ts';
import { SmallDisk } from '../support/small-disk.ts';
import { fullDisk } from './full-disk.ts';
import { shortVersion } from './short.ts';

/** Commits, then room again; read-only. */
const SEEDS = [1, 10];

const missing = SmallDisk.unavailable ?? FailingDisk.unavailable;

describe.skipIf(missing)(missing ? `disks (skipped: ${missing})` : 'disks', () => {
  for (const seed of SEEDS) shortVersion(fullDisk, { runs: 1, seed });
});
