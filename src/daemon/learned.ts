import type { SeriesInfo } from '../decode/series.ts';
import type { LearnedView } from '../observe/learned-view.ts';
import type { StateSummary } from '../store/heads.ts';
import type { SeriesPoints } from '../store/points.ts';
import type { ShardCounts } from './channel.ts';

export type EmitPoints = (points: SeriesPoints, series: SeriesInfo) => void;

/** What a shard owns: one series, or several that are learned as one. */
export interface Learned {
  /** Id of the member that came first. */
  readonly id: number;
  /** The newest entry that the loaded state holds already. */
  loadedAt: number;
  /** The oldest entry that no saved state holds; undefined: there is none. */
  unsavedFrom: number | undefined;
  readonly followsClock: boolean;
  /** Networks learn at every so many of their updates. Set by the shard, and no part of the state. */
  thinning: number;
  add(info: SeriesInfo): void;
  /** @param emit undefined: points were told before, and are not even made */
  push(info: SeriesInfo, timeMs: number, value: number, emit: EmitPoints | undefined): void;
  tick(timeMs: number, emit: EmitPoints | undefined): void;
  finish(emit: EmitPoints): void;
  /** What became of its samples. */
  counts(): ShardCounts;
  save(): Uint8Array;
  /** Cheap: it is taken with each save. */
  summary(): StateSummary;
  view(): LearnedView;
  /**
   * Its members must have been added.
   * @throws Error when the bytes are of other settings or damaged
   */
  load(bytes: Uint8Array): void;
}
