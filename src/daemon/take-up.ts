import { setImmediate as turn } from 'node:timers/promises';
import type { Core } from './core.ts';
import { restoredGroup } from './recovering-core.ts';
import type { Recovery } from './recovery.ts';
import { Turns } from './turns.ts';

const GROUPS_A_TURN = 8;

/**
 * Takes up series of streams that are configured again, as a start does; while no entry is under way.
 * What their entries close is not told: while they rested nobody waited for it.
 */
export async function takeUp(core: Core, recovery: Recovery): Promise<void> {
  await new Turns().do(recovery.fill());
  const waiting = [...recovery.groups.values()];
  while (waiting.length > 0) {
    const groups = waiting
      .splice(0, GROUPS_A_TURN)
      .map((group) => restoredGroup(recovery, group, recovery.through));
    const { refused } = await core.adopt(groups, Number.POSITIVE_INFINITY);
    for (const { id, detail } of refused) recovery.refused(id, detail);
    await turn();
  }
}
