/**
 * 1 to 50 % of the messages come twice, at once or some messages later, and now and then the last
 * minutes come again as a whole.
 */
import type { PlannedMessage } from '../support/faults/publisher.ts';
import { runPlanned } from './planned.ts';
import type { Scenario } from './scenario.ts';

const LATER_MESSAGES_MAX = 200;
const REPLAYS = 3;
/** About two minutes of all streams. */
const REPLAYED_MESSAGES_MAX = 1_500;

export const duplicates: Scenario = {
  name: 'duplicates',
  faultModel:
    '1 to 50 % of the messages come twice, and three times the last minutes come again as a whole',
  longRuns: 20,
  run: (options) =>
    runPlanned(
      {
        lateness: '0s',
        states: true,
        change(messages, random) {
          const share = 0.01 + 0.49 * random.uniform();
          const places: { at: number; message: PlannedMessage }[] = [];
          for (const [at, message] of messages.entries()) {
            places.push({ at, message });
            if (random.uniform() >= share) continue;
            places.push({ at: at + random.uniform() * LATER_MESSAGES_MAX, message });
          }
          for (let i = 0; i < REPLAYS; i++) {
            // Early on, the first stamps may still be the wrong ones.
            const to = Math.floor(messages.length * (0.1 + 0.9 * random.uniform()));
            const from = Math.max(0, to - Math.floor(random.uniform() * REPLAYED_MESSAGES_MAX));
            for (const message of messages.slice(from, to)) places.push({ at: to - 0.5, message });
          }
          // In their order, where they come at the same place.
          places.sort((a, b) => a.at - b.at);
          return {
            messages: places.map(({ message }) => message),
            counts: { 'published again': places.length - messages.length },
          };
        },
      },
      options,
    ),
};
