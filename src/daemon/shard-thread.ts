import { Worker } from 'node:worker_threads';
import type { SeriesInfo } from '../decode/series.ts';
import type { JournalEntry } from '../journal/journal.ts';
import { EntryLog } from './entry-log.ts';
import { least } from './least.ts';
import type { Reconfiguration } from './reconfiguration.ts';
import type { StreamSettings } from './settings.ts';
import type { RestoredGroup, SavedState } from './shard.ts';
import type { ShardPort, ShardReply, ShardRequest, StartWorker } from './shard-protocol.ts';
import { ThinHistory } from './thin-history.ts';

/** Deaths in a row, without a reply between them: the work itself is what kills it. */
const DEATHS_MAX = 3;
/** Seen from src/daemon/ (tests) and dist/daemon/ alike: the script must be built. */
const SCRIPT = new URL('../../dist/daemon/shard-worker.js', import.meta.url);

export const startWorker: StartWorker = (data) => new Worker(SCRIPT, { workerData: data });

export interface ShardThreadEvents {
  readonly onReply: (reply: ShardReply) => void;
  readonly onRestart: (why: string) => void;
  /** It has died too often; nothing more will come. */
  readonly onFailure: (error: Error) => void;
}

type Work = Exclude<ShardRequest, { kind: 'restore' }>;

/**
 * A shard's thread, seen from the main thread. Keeps what it takes to start another one in its place
 * should it die: the series' saved states, the entries since, and the requests without a reply. As
 * the core is pure, the other one ends up with the same state and goes on with the same output.
 */
export class ShardThread {
  readonly #start: StartWorker;
  /** As of the newest reply; what a thread is started with. */
  #settings: ReadonlyMap<string, StreamSettings>;
  readonly #events: ShardThreadEvents;
  #port: ShardPort | undefined;
  #series: SeriesInfo[] = [];
  #given = 0;
  #newSeries: SeriesInfo[] = [];
  readonly #saved = new Map<number, SavedState>();
  readonly #log = new EntryLog();
  readonly #thinning = new ThinHistory();
  /** Handed over, and not answered yet; the oldest first. */
  readonly #unanswered: Work[] = [];
  #unsavedFrom: number | undefined;
  #unsavedCount = 0;
  #deaths = 0;
  #closed = false;

  /** The thread itself is started with its first series. */
  constructor(
    start: StartWorker,
    settings: ReadonlyMap<string, StreamSettings>,
    events: ShardThreadEvents,
  ) {
    this.#start = start;
    this.#settings = settings;
    this.#events = events;
  }

  /** Of the streams that the newest reply counts, in its order. */
  get settings(): ReadonlyMap<string, StreamSettings> {
    return this.#settings;
  }

  /** Whether there is a thread: only with its first series. */
  get started(): boolean {
    return this.#port !== undefined;
  }

  /** Given so far, those that are forgotten since included: their thread goes on. */
  get seriesCount(): number {
    return this.#given;
  }

  /** The series of the samples that it has been given and has not answered. */
  *unanswered(): Generator<number> {
    for (const work of this.#unanswered) {
      if (work.kind === 'apply' && work.entry.kind === 'samples') yield* work.entry.batch.seriesId;
      if (work.kind !== 'adopt') continue;
      // Ticks among a group's entries are of no series.
      for (const { entries } of work.groups) yield* entries.seriesId.filter((id) => id >= 0);
    }
  }

  /** The shard learns of the series with its next entry. In ascending order of ids. */
  add(series: SeriesInfo): void {
    this.#newSeries.push(series);
    this.#series.push(series);
    this.#given++;
  }

  apply(entry: JournalEntry, offset: number): void {
    if (entry.kind === 'thin') this.note(entry.factor, offset);
    this.#post({ kind: 'apply', series: this.#newSeries, entry, offset });
  }

  /** How learning is thinned: also before its first series, to be told when the thread starts. */
  note(factor: number, offset: number): void {
    this.#thinning.add(factor, offset);
  }

  finish(): void {
    this.#post({ kind: 'finish', series: this.#newSeries });
  }

  /** Their series are not to be added before. */
  adopt(groups: readonly RestoredGroup[], emitAfter: number): void {
    for (const { series, saved } of groups) {
      this.#series.push(...series);
      this.#given += series.length;
      if (saved) this.#saved.set(saved.id, saved);
    }
    this.#post({ kind: 'adopt', series: this.#newSeries, groups, emitAfter });
  }

  save(offset: number, countMax: number): void {
    this.#post({ kind: 'save', series: this.#newSeries, offset, countMax });
  }

  saveStreams(offset: number, streams: ReadonlySet<string>, countMax: number): void {
    this.#post({ kind: 'save', series: this.#newSeries, offset, countMax, streams });
  }

  reconfigure(change: Reconfiguration): void {
    if (this.started) this.#post({ kind: 'reconfigure', series: this.#newSeries, change });
    else this.#settings = change.settings;
  }

  forget(ids: readonly number[]): void {
    this.#post({ kind: 'forget', series: this.#newSeries, ids });
  }

  view(id: number): void {
    this.#post({ kind: 'view', series: this.#newSeries, id });
  }

  /** The oldest entry that no saved state holds, as far as is known here; undefined: none. */
  get unsavedFrom(): number | undefined {
    return this.#unanswered.reduce(
      (oldest, work) => least(oldest, neededFrom(work)),
      this.#unsavedFrom,
    );
  }

  /** Groups that have changed and were not saved, as of the newest reply. */
  get unsavedCount(): number {
    return this.#unsavedCount;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#port?.terminate();
  }

  #post(work: Work): void {
    this.#newSeries = [];
    this.#unanswered.push(work);
    this.#port ??= this.#begin();
    this.#port.postMessage(work);
  }

  #begin(): ShardPort {
    const port = this.#open();
    const thinning = this.#thinning.changes();
    const entries = this.#log.entries();
    if (thinning.length > 0) {
      port.postMessage({ kind: 'restore', series: [], thinning, entries });
    }
    return port;
  }

  #open(): ShardPort {
    const port = this.#start({ settings: this.#settings });
    let reason: string | undefined;
    port.on('message', (reply) => this.#answered(reply));
    port.on('error', (error) => {
      reason = error.message;
    });
    port.on('exit', (code) => this.#died(reason ?? `exit code ${code}`));
    return port;
  }

  #answered(reply: ShardReply): void {
    const work = this.#unanswered.shift();
    if (!work) throw new Error('a shard has replied to nothing');
    this.#deaths = 0;
    this.#unsavedFrom = reply.unsavedFrom;
    this.#unsavedCount = reply.unsavedCount;
    // It would be refused again, by a thread that takes over.
    for (const { id } of reply.refused) this.#saved.delete(id);
    for (const saved of reply.saved) this.#saved.set(saved.id, saved);
    if (work.kind === 'reconfigure') this.#reconfigured(work.change);
    if (work.kind === 'forget') this.#forgotten(work.ids);
    if (work.kind === 'apply') {
      this.#log.add(work.entry, work.offset);
      this.#log.dropBefore(reply.unsavedFrom ?? work.offset + 1);
    }
    this.#events.onReply(reply);
  }

  /** A thread that takes over from here on knows nothing of what was before. */
  #reconfigured({ settings, dropped }: Reconfiguration): void {
    this.#settings = settings;
    const gone = this.#series.filter(({ stream }) => dropped.has(stream)).map(({ id }) => id);
    if (gone.length === 0) return;
    this.#series = this.#series.filter(({ stream }) => !dropped.has(stream));
    for (const id of gone) this.#saved.delete(id);
    this.#log.forget(new Set(gone));
  }

  #forgotten(ids: readonly number[]): void {
    const gone = new Set(ids);
    this.#series = this.#series.filter(({ id }) => !gone.has(id));
    for (const id of ids) this.#saved.delete(id);
  }

  #died(reason: string): void {
    if (this.#closed) return;
    if (++this.#deaths > DEATHS_MAX) {
      this.#closed = true;
      const error = `a shard’s thread died ${this.#deaths} times at the same work: ${reason}`;
      this.#events.onFailure(new Error(error));
      return;
    }
    const { length } = this.#log;
    this.#events.onRestart(
      `thread died (${reason}); another one took over: ` +
        `${this.#restored()} of ${this.#series.length} series from their saved states, ` +
        `${length} ${length === 1 ? 'entry' : 'entries'} applied again`,
    );
    this.#restore();
  }

  /** How many series have a saved state, of their own or with their group. */
  #restored(): number {
    const groups = new Set(this.#series.filter(({ id }) => this.#saved.has(id)).map(stateKey));
    return this.#series.filter((series) => groups.has(stateKey(series))).length;
  }

  #restore(): void {
    // Series that have not been told of yet come with the requests, as they did before.
    const untold = new Set([...this.#newSeries, ...this.#unanswered.flatMap(toldBy)]);
    const series = this.#series
      .filter((info) => !untold.has(info))
      .map((info) => ({ info, saved: this.#saved.get(info.id) }));
    this.#port = this.#open();
    const thinning = this.#thinning.changes();
    this.#port.postMessage({ kind: 'restore', series, thinning, entries: this.#log.entries() });
    for (const work of this.#unanswered) this.#port.postMessage(work);
  }
}

/** The oldest entry that a request brings; undefined: it brings none. */
function neededFrom(work: Work): number | undefined {
  if (work.kind === 'apply') return work.offset;
  if (work.kind !== 'adopt') return undefined;
  return work.groups.reduce<number | undefined>(
    (oldest, { entries }) => least(oldest, entries.offset[0]),
    undefined,
  );
}

/** The series that a request tells the shard of. */
function toldBy(work: Work): readonly SeriesInfo[] {
  const groups = work.kind === 'adopt' ? work.groups.flatMap(({ series }) => series) : [];
  return [...work.series, ...groups];
}

/** What is saved together. */
function stateKey({ id, group }: SeriesInfo): string | number {
  return group?.key ?? id;
}
