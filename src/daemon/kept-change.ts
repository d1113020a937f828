import type { StreamConfig } from '../config/schema.ts';
import type { CountsByStream } from '../decode/stream-intake.ts';
import type { Core } from './core.ts';
import type { Engines } from './engines.ts';
import type { Reconfigurable, Reconfiguration } from './reconfiguration.ts';

/** What a reload changes of what is kept. */
export interface KeptChange {
  /** Not the recovering one. */
  readonly core: Core & Reconfigurable;
  readonly change: Reconfiguration;
  readonly engines: Engines;
  /** Streams whose states are to be kept: as they are now, they fit what comes. */
  readonly kept: ReadonlySet<string>;
  readonly streams: readonly StreamConfig[];
  /** From which the accounts go on. */
  readonly counts: CountsByStream;
}

export interface Reconfigured {
  /** What becomes of series, in words. */
  readonly told: readonly string[];
  /** Whether the counts are as they were given: no state was lost, and none has come back. */
  readonly isExact: boolean;
}

/** A change could not be made, and nothing has changed. */
export class NotChanged extends Error {
  override readonly name = 'NotChanged';
}
