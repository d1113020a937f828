import { fullDisk } from './full-disk.ts';
import { fuzzedMessages } from './fuzzed-messages.ts';
import type { Scenario } from './scenario.ts';

/** All rows, in the order of the table in docs/reliability.md. */
export const SCENARIOS: readonly Scenario[] = [fuzzedMessages, fullDisk];
