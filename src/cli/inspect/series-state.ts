/** One series as a restart would have it: its state is loaded, and what came after it is applied. */
import { loadEngines } from '../../daemon/engines.ts';
import { InlineCore } from '../../daemon/inline-core.ts';
import { readSeries, readStreamSettings } from '../../daemon/known-series.ts';
import { RecoveringCore } from '../../daemon/recovering-core.ts';
import { knownHeads, Recovery } from '../../daemon/recovery.ts';
import type { StreamSettings } from '../../daemon/settings.ts';
import { atOnce } from '../../daemon/turns.ts';
import type { SeriesInfo } from '../../decode/series.ts';
import { LmdbJournal } from '../../journal/lmdb.ts';
import type { LearnedView } from '../../observe/learned-view.ts';
import type { StateHead } from '../../store/heads.ts';
import type { StateStore } from '../../store/state-store.ts';
import { UserError } from '../exit.ts';
import { closest } from './closest.ts';

export interface SeriesState {
  readonly series: string;
  readonly stream: string;
  /** Those that are learned together with it, itself included. */
  readonly members: readonly string[];
  /** null: nothing was saved yet. */
  readonly state: {
    readonly savedMs: number;
    readonly offset: number;
    readonly bytes: number;
  } | null;
  /** Samples that came after it, and are applied here. */
  readonly samplesSince: number;
  readonly learned: LearnedView;
  /** What cannot be read or does not fit, in words. */
  readonly damaged: readonly string[];
}

/** @throws UserError when there is no such series, or nothing says how it is learned */
export async function readSeriesState(
  store: StateStore,
  name: string,
  log: (text: string) => void,
): Promise<SeriesState> {
  const damaged: string[] = [];
  const onLoss = (text: string): unknown => damaged.push(text);
  const info = findSeries(store, name, onLoss);
  const settings = settingsOf(store, info);
  const streams = new Map([[info.stream, settings]]);
  const engines = await loadEngines(streams, log);
  // From here on in one turn, which sees one state of the store.
  const series = membersOf(readSeries(store, { onLoss }).series, info);
  const heads = knownHeads(store, series, { onLoss });
  const recovery = openRecovery(store, series, heads, onLoss);
  const { samples } = recovery.backlog;
  const head = heads.get(series[0]!.id);
  const core = new InlineCore(streams, engines);
  await new RecoveringCore(core, recovery).recover();
  return {
    series: info.name,
    stream: info.stream,
    members: series.map((member) => member.name),
    state: head ? { savedMs: head.savedMs, offset: head.offset, bytes: head.bytes } : null,
    samplesSince: samples,
    learned: (await core.view(info.id))!,
    damaged: [...new Set(damaged)],
  };
}

function findSeries(
  store: StateStore,
  name: string,
  onLoss: (text: string) => unknown,
): SeriesInfo {
  const { series } = readSeries(store, { onLoss });
  // Of two of one name the newer one: the other was a stream's that has changed since.
  const found = series.findLast((one) => one.name === name);
  if (found) return found;
  const names = closest(
    name,
    series.map((one) => one.name),
  );
  const others = names.length > 0 ? `; did you mean ${names.join(', ')}?` : '';
  throw new UserError(`series ${name}: not among the ${series.length} that are known${others}`);
}

function settingsOf(store: StateStore, { stream, name }: SeriesInfo): StreamSettings {
  let detail = 'the store does not say how it is learned';
  try {
    const settings = readStreamSettings(store, stream);
    if (settings) return settings;
  } catch (error) {
    detail = `what the store says of how it is learned is damaged (${(error as Error).message})`;
  }
  throw new UserError(
    `series ${name}, stream ${stream}: ${detail}; it will after the next start of "foretide run"`,
  );
}

function membersOf(series: readonly SeriesInfo[], info: SeriesInfo): SeriesInfo[] {
  const { group } = info;
  const members = group
    ? series.filter((one) => one.group?.key === group.key && one.stream === info.stream)
    : [info];
  return members.toSorted((a, b) => a.id - b.id);
}

function openRecovery(
  store: StateStore,
  series: readonly SeriesInfo[],
  heads: ReadonlyMap<number, StateHead>,
  onLoss: (text: string) => unknown,
): Recovery {
  const journal = new LmdbJournal(store, {
    commitDelayMs: 0,
    keepMs: 0,
    bytesMax: Number.POSITIVE_INFINITY,
    endAtLeast: 0,
    seriesOf: (id) => series.find((one) => one.id === id),
    onDamage: onLoss,
  });
  // Nothing is told.
  const emitAfter = Number.POSITIVE_INFINITY;
  const recovery = new Recovery({ store, journal, series, heads, emitAfter }, { onLoss });
  atOnce(recovery.fill());
  return recovery;
}
