import type { Refusal } from './core.ts';
import type { Engines } from './engines.ts';
import type { StreamSettings } from './settings.ts';
import type { SavedSeries } from './shard.ts';

/** What a reload changes in the core, by stream. Groups of all other streams are not touched. */
export interface Reconfiguration {
  /** Of all streams from now on. */
  readonly settings: ReadonlyMap<string, StreamSettings>;
  /** Their groups are let go: they are gone, or their states do not fit the new settings. */
  readonly dropped: ReadonlySet<string>;
  /** Their groups go on with what they have learned, and with the new settings. */
  readonly changed: ReadonlySet<string>;
}

/** A core that can be changed while it runs. No entry may be under way meanwhile. */
export interface Reconfigurable {
  /** As `Core.save`, of these streams alone. */
  saveStreams(streams: ReadonlySet<string>, countMax: number): Promise<readonly SavedSeries[]>;
  /**
   * Changed streams must have been saved: a thread that takes over begins with what was given.
   * @returns groups that begin anew, as their states do not fit after all
   */
  reconfigure(change: Reconfiguration, engines: Engines): Promise<readonly Refusal[]>;
}
