/**
 * Messages out of order by less than `lateness`, compared with a daemon that gets them sorted. The
 * first rounds come in order: they tell the grid where the settings leave it open, and the order in
 * which symbols get their codes. Saved states are not compared: they hold the order of arrival.
 */
import type { PlannedMessage } from '../support/faults/publisher.ts';
import { runPlanned } from './planned.ts';
import type { Scenario } from './scenario.ts';

const LATENESS_S = 8;
/** More than any cadence takes. */
const IN_ORDER_MS = 16_000;

export const disorder: Scenario = {
  name: 'disorder',
  faultModel: 'messages come out of order by up to 8 s of their own time, with lateness: 8s',
  longRuns: 20,
  run: (options) =>
    runPlanned(
      {
        lateness: `${LATENESS_S}s`,
        states: false,
        change(messages, random) {
          const firstMs = timeMs(messages[0]!);
          const placed = messages.map((message) => {
            const at = timeMs(message);
            const isEarly = at - firstMs < IN_ORDER_MS;
            const waitMs = isEarly ? 0 : random.uniform() * LATENESS_S * 1_000;
            return { message, at: at + waitMs };
          });
          placed.sort((a, b) => a.at - b.at);
          const shuffled = placed.map(({ message }) => message);
          return { messages: shuffled, counts: { 'out of order': outOfOrder(shuffled) } };
        },
      },
      options,
    ),
};

/** How many come after a newer one of their topic. */
function outOfOrder(messages: readonly PlannedMessage[]): number {
  const newest = new Map<string, number>();
  let count = 0;
  for (const message of messages) {
    const before = newest.get(message.topic) ?? Number.NEGATIVE_INFINITY;
    const at = timeMs(message);
    if (at < before) count++;
    newest.set(message.topic, Math.max(before, at));
  }
  return count;
}

function timeMs({ payload }: PlannedMessage): number {
  return (JSON.parse(payload) as { t: number }).t;
}
