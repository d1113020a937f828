import { brokerKilled } from './broker-killed.ts';
import { daemonKilled } from './daemon-killed.ts';
import { damagedStore } from './damaged-store.ts';
import { databaseFails } from './database-fails.ts';
import { disorder } from './disorder.ts';
import { duplicates } from './duplicates.ts';
import { fullDisk } from './full-disk.ts';
import { fuzzedMessages } from './fuzzed-messages.ts';
import type { Scenario } from './scenario.ts';
import { soak } from './soak.ts';

/** All rows, in the order of the table in docs/reliability.md. */
export const SCENARIOS: readonly Scenario[] = [
  daemonKilled,
  brokerKilled,
  databaseFails,
  duplicates,
  disorder,
  fuzzedMessages,
  damagedStore,
  fullDisk,
  soak,
];
