import { z } from 'zod';
import { duration, timer } from './duration.ts';
import { count, outputPath } from './kinds.ts';

/** What outlives the process. */
export const state = z.strictObject({
  keep: z
    .boolean()
    .default(true)
    .describe(
      'Keep on disk what is learned and what is on its way, so that nothing is lost with the process. false: all of it lives in memory. Recorded sources need none: they are read again.',
    ),
  dir: outputPath
    .optional()
    .describe(
      'Directory, for this daemon alone. Without it: $STATE_DIRECTORY, which systemd sets, else foretide-state in the working directory.',
    ),
  commit_delay: duration
    .prefault('5ms')
    .describe(
      'Longest wait for more messages before a commit; messages of QoS 1 and 2 are acknowledged after it. 0s commits at once.',
    ),
  checkpoint_every: timer
    .prefault('5m')
    .describe(
      'How often each series that has changed is saved. Longer spares the disk; after a crash, what came since is learned again from the journal.',
    ),
  journal_keep: duration
    .prefault('1d')
    .describe(
      'How long samples stay in the journal after they are needed for a restart: `snapshot restore --forget-since` goes back by them.',
    ),
  journal_mib: count
    .default(256)
    .describe(
      'Room for the journal. Samples beyond what a restart needs go first; then series are saved more often.',
    ),
});
