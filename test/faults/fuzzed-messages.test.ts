import { fuzzedMessages } from './fuzzed-messages.ts';
import { shortVersion } from './short.ts';

shortVersion(fuzzedMessages, { runs: 4_000, seed: 1 });
