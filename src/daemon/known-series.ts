/** The series that an earlier life of the process has left in the store. */
import type { StreamConfig } from '../config/schema.ts';
import { streamName } from '../config/stream-name.ts';
import type { SeriesInfo } from '../decode/series.ts';
import { removeState } from '../store/heads.ts';
import { jsonBytes, readJson } from '../store/json.ts';
import type { StateStore, Writer } from '../store/state-store.ts';
import { readSettings, type StoredSettings, settingsRow } from './saved-settings.ts';
import type { StreamSettings } from './settings.ts';
import { differences, type StreamIdentity, streamIdentity } from './stream-identity.ts';

export interface RecoveryEvents {
  /** One thing is damaged or does not fit; what becomes of it. */
  readonly onLoss: (text: string) => void;
}

const STREAMS = 'streams';
/** Names of the streams that the last run had. */
const CONFIGURED = 'configured';
const SETTINGS = 'settings';
/** A row of the table `series`: what `forget` has left of one waits for its points to be written. */
interface SeriesRow extends SeriesInfo {
  readonly forgotten?: true;
}

/** An id is never given away twice: the journal may still speak of the first one. */
const SERIES_END = 'series_end';

/** Series of an earlier life, with their symbols. */
export interface KnownSeries {
  readonly series: readonly SeriesInfo[];
  /** Those that sleep or were just forgotten: their points may still wait to be written. */
  readonly others: readonly SeriesInfo[];
  /** Ids below it are given away. */
  readonly size: number;
}

/** Reads the series that the store knows; those of streams that are not wanted any more sleep. */
export function readSeries(store: StateStore, events: RecoveryEvents): KnownSeries {
  const series: SeriesInfo[] = [];
  const others: SeriesInfo[] = [];
  let size = 0;
  for (const id of store.keys<number>('series')) {
    size = id + 1;
    try {
      const { forgotten, ...info } = readJson<SeriesRow>(store.get('series', id)!);
      (forgotten ? others : series).push(info);
    } catch (error) {
      events.onLoss(`series ${id}: its name is lost (${(error as Error).message}); it begins anew`);
    }
  }
  const [newestHead = -1] = store.keys<number>('heads', { reverse: true });
  size = Math.max(size, newestHead + 1, readMeta(store, SERIES_END, 0));
  const named = (rows: readonly SeriesInfo[]): SeriesInfo[] => readSymbols(store, rows, events);
  return { series: named(series), others: named(others), size };
}

/** From this commit on they are forgotten: the journal's entries do not bring them back. */
export function putForgotten(write: Writer, series: readonly SeriesInfo[]): void {
  for (const { symbols: _, ...info } of series) {
    write.put('series', info.id, jsonBytes({ ...info, forgotten: true } satisfies SeriesRow));
    removeState(write, info.id);
  }
}

/**
 * With what a stream's series were learned last; undefined where the store does not say.
 * @throws Error when it is damaged
 */
export function readStreamSettings(store: StateStore, stream: string): StreamSettings | undefined {
  const bytes = store.get('meta', SETTINGS);
  const row = bytes && readJson<Record<string, StoredSettings>>(bytes)[stream];
  return row && readSettings(row);
}

function readMeta<T>(store: StateStore, key: string, otherwise: T): T {
  try {
    const bytes = store.get('meta', key);
    return bytes ? readJson<T>(bytes) : otherwise;
  } catch {
    return otherwise;
  }
}

function readSymbols(
  store: StateStore,
  series: readonly SeriesInfo[],
  { onLoss }: RecoveryEvents,
): SeriesInfo[] {
  const names = new Map<number, string[]>();
  for (const key of store.keys<number[]>('symbols')) {
    const [id, code] = key as [number, number];
    const own = names.get(id) ?? [];
    names.set(id, own);
    try {
      own[code] = readJson<string>(store.get('symbols', key)!);
    } catch (error) {
      own[code] = `(lost ${code})`;
      onLoss(`series ${id}: symbol ${code} has lost its name (${(error as Error).message})`);
    }
  }
  return series.map((info) => {
    const own = names.get(info.id);
    // One that a salvage has left out leaves a hole.
    const symbols = own && Array.from(own, (name, code) => name ?? `(lost ${code})`);
    return symbols ? { ...info, symbols } : info;
  });
}

/**
 * Series whose stream has changed in a way that their states do not survive are forgotten: they come
 * back as new ones.
 * @returns the series that stay and are wanted
 */
export async function forgetChanged(
  store: StateStore,
  known: KnownSeries,
  streams: readonly StreamConfig[],
  settings: ReadonlyMap<string, StreamSettings>,
  { onLoss }: RecoveryEvents,
): Promise<KnownSeries> {
  const change = changeStreams(store, known, streams, settings);
  for (const text of change.told) onLoss(text);
  await store.commit(change.write);
  return change.known;
}

/** What other streams, or other settings of them, make of the series that a store knows. */
export interface StreamChange {
  /** What becomes of series, in words. */
  readonly told: readonly string[];
  /** Series of which nothing is known any more, after `write`. */
  readonly gone: readonly SeriesInfo[];
  /** After it. */
  readonly known: KnownSeries;
  readonly write: (write: Writer) => void;
}

/** @param series all that the store has */
export function changeStreams(
  store: StateStore,
  { series, others, size }: KnownSeries,
  streams: readonly StreamConfig[],
  settings: ReadonlyMap<string, StreamSettings>,
): StreamChange {
  // Where it is damaged nothing says what has changed: a state that does not fit is refused later.
  const before = readMeta<Record<string, StreamIdentity>>(store, STREAMS, {});
  const now: Record<string, StreamIdentity> = { ...before };
  const kept: Record<string, StoredSettings> = { ...readMeta(store, SETTINGS, {}) };
  const changed = new Set<string>();
  const names = streams.map(streamName);
  const lastNames = readMeta<readonly string[]>(store, CONFIGURED, names);
  const told = comingsAndGoings(series, names, lastNames);
  for (const stream of streams) {
    const name = streamName(stream);
    const identity = streamIdentity(stream, settings.get(name)!);
    now[name] = identity;
    kept[name] = settingsRow(settings.get(name)!);
    const keys = before[name] ? differences(before[name], identity) : [];
    const count = countOf(name, series);
    if (keys.length === 0 || count === 0) continue;
    changed.add(name);
    told.push(`stream ${name}: ${keys.join(', ')} changed; its ${count} series begin anew`);
  }
  const gone = series.filter(({ stream }) => changed.has(stream));
  const stay = new Set(wanted(series, streams, changed));
  const rest = series.filter((info) => !stay.has(info));
  return {
    told,
    gone,
    known: { series: [...stay], others: [...others, ...rest], size },
    write: (write) => {
      for (const { id } of gone) {
        write.remove('series', id);
        removeState(write, id);
        for (const key of [...store.keys<number[]>('symbols', { start: [id], end: [id + 1] })]) {
          write.remove('symbols', key);
        }
      }
      write.put('meta', STREAMS, jsonBytes(now));
      write.put('meta', SETTINGS, jsonBytes(kept));
      write.put('meta', SERIES_END, jsonBytes(size));
      write.put('meta', CONFIGURED, jsonBytes(names));
    },
  };
}

function countOf(name: string, series: readonly SeriesInfo[]): number {
  return series.filter(({ stream }) => stream === name).length;
}

/** What becomes of series whose stream is not configured any more, or is again. */
function comingsAndGoings(
  series: readonly SeriesInfo[],
  names: readonly string[],
  lastNames: readonly string[],
): string[] {
  const gone = lastNames.filter((name) => !names.includes(name) && countOf(name, series) > 0);
  const back = names.filter((name) => !lastNames.includes(name) && countOf(name, series) > 0);
  return [
    ...gone.map(
      (name) =>
        `stream ${name}: not configured any more; its ${countOf(name, series)} series rest until it is, ` +
        'and begin anew under another name',
    ),
    ...back.map(
      (name) =>
        `stream ${name}: configured again; its ${countOf(name, series)} series go on as they were`,
    ),
  ];
}

/** Of two series of one name the newer one: the other was a stream's that is gone since. */
function wanted(
  series: readonly SeriesInfo[],
  streams: readonly StreamConfig[],
  changed: ReadonlySet<string>,
): SeriesInfo[] {
  const names = new Set(streams.map(streamName));
  const byName = new Map<string, SeriesInfo>();
  for (const info of series) {
    if (names.has(info.stream) && !changed.has(info.stream)) byName.set(info.name, info);
  }
  return [...byName.values()];
}
