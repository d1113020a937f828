import { fuzzedMessages } from './fuzzed-messages.ts';
import { shortVersion } from './short.ts';

shortVersion(fuzzedMessages, { runs: 10_000, seed: 1 });
