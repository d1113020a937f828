import { expect, it } from 'vitest';
import type { Scenario } from './scenario.ts';

/** Far more than it takes, for a machine with much else to do. */
const GIVE_UP_MS = 600_000;

/** A scenario in a few seconds, for `npm test`. */
export function shortVersion(scenario: Scenario, options: { runs: number; seed: number }): void {
  it(
    `${scenario.name}: ${scenario.faultModel}`,
    async () => {
      // Throws where something does not hold.
      const { counts } = await scenario.run({ ...options, log: () => {} });
      expect(Object.keys(counts)).not.toHaveLength(0);
    },
    GIVE_UP_MS,
  );
}
