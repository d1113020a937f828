/** What is different in another configuration, and what of it a running daemon can take over. */
import { isDeepStrictEqual } from 'node:util';
import type { Config, StreamConfig } from '../config/schema.ts';
import { streamName } from '../config/stream-name.ts';
import { SINK_KINDS, type SinkKind } from '../sink/registry.ts';
import type { StreamSettings } from './settings.ts';
import { differences, streamIdentity } from './stream-identity.ts';

/** Top-level keys that are taken over at once; all others wait for the next start. */
const AT_ONCE = ['streams', 'sinks', 'actual', 'log', 'outbox', 'overload', 'reload'] as const;
type AtOnce = (typeof AT_ONCE)[number];
/** Those of them that are told by name alone. */
const PLAIN: readonly AtOnce[] = ['actual', 'log', 'outbox', 'overload', 'reload'];
/** Sinks that write the aligned series where `actual` says so. */
const WITH_ACTUAL: readonly SinkKind[] = ['influx', 'line_protocol'];

/** A configuration and what the core needs of it. */
export interface Setup {
  readonly config: Config;
  readonly settings: ReadonlyMap<string, StreamSettings>;
}

/** By name. */
export interface StreamChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** What their states hang on is different: their series begin anew. With the names of what it is. */
  readonly anew: ReadonlyMap<string, readonly string[]>;
  /** Their series go on, with other settings of the core. */
  readonly changed: readonly string[];
  /** How messages become samples is different, and nothing else. */
  readonly reread: readonly string[];
  /** Which stream a message goes to may be different. */
  readonly reordered: boolean;
}

export interface SinkChange {
  readonly kind: SinkKind;
  readonly change: 'added' | 'removed' | 'changed';
}

export interface ConfigChanges {
  /** What runs from then on: the new one, but for what waits for the next start. */
  readonly config: Config;
  readonly streams: StreamChanges;
  readonly sinks: readonly SinkChange[];
  /** Other keys that are taken over at once. */
  readonly keys: readonly string[];
  /** Keys that wait for the next start: `source.mqtt.url`. */
  readonly later: readonly string[];
}

export function configChanges(before: Setup, after: Setup): ConfigChanges {
  const now: Record<string, unknown> = { ...before.config };
  for (const key of AT_ONCE) now[key] = after.config[key];
  const config = now as Config;
  const keys = PLAIN.filter((key) => !isDeepStrictEqual(before.config[key], config[key]));
  return {
    config,
    streams: streamChanges(before, after),
    sinks: sinkChanges(before.config, config),
    keys,
    later: differentKeys(config, after.config),
  };
}

export function changesStreams(changes: StreamChanges): boolean {
  const { added, removed, anew, changed, reread, reordered } = changes;
  const count = added.length + removed.length + anew.size + changed.length + reread.length;
  return reordered || count > 0;
}

export function changesNothing({ streams, sinks, keys, later }: ConfigChanges): boolean {
  return !changesStreams(streams) && sinks.length + keys.length + later.length === 0;
}

function streamChanges(before: Setup, after: Setup): StreamChanges {
  const old = byName(before.config.streams);
  const now = byName(after.config.streams);
  const anew = new Map<string, readonly string[]>();
  const changed: string[] = [];
  const reread: string[] = [];
  for (const [name, stream] of now) {
    const was = old.get(name);
    if (!was) continue;
    const [settingsWere, settings] = [before.settings.get(name)!, after.settings.get(name)!];
    const keys = differences(streamIdentity(was, settingsWere), streamIdentity(stream, settings));
    if (keys.length > 0) anew.set(name, keys);
    else if (!isDeepStrictEqual(settingsWere, settings)) changed.push(name);
    else if (!isDeepStrictEqual(was, stream)) reread.push(name);
  }
  const stay = (names: ReadonlyMap<string, unknown>, others: ReadonlyMap<string, unknown>) =>
    [...names.keys()].filter((name) => others.has(name));
  return {
    added: [...now.keys()].filter((name) => !old.has(name)),
    removed: [...old.keys()].filter((name) => !now.has(name)),
    anew,
    changed,
    reread,
    reordered: !isDeepStrictEqual(stay(old, now), stay(now, old)),
  };
}

function byName(streams: readonly StreamConfig[]): Map<string, StreamConfig> {
  return new Map(streams.map((stream) => [streamName(stream), stream]));
}

function sinkChanges(before: Config, after: Config): SinkChange[] {
  return SINK_KINDS.flatMap((kind): SinkChange[] => {
    const [was, is] = [before.sinks[kind], after.sinks[kind]];
    if (!was && !is) return [];
    if (!was) return [{ kind, change: 'added' }];
    if (!is) return [{ kind, change: 'removed' }];
    const shows = WITH_ACTUAL.includes(kind) && before.actual !== after.actual;
    return shows || !isDeepStrictEqual(was, is) ? [{ kind, change: 'changed' }] : [];
  });
}

/** Never with their values: some are secrets. */
function differentKeys(a: unknown, b: unknown, path = ''): string[] {
  if (isDeepStrictEqual(a, b)) return [];
  if (!isPlain(a) || !isPlain(b)) return [path];
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].flatMap((key) => differentKeys(a[key], b[key], path ? `${path}.${key}` : key));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
