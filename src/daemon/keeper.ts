/**
 * What a daemon keeps on disk, put together: journal, checkpoints, points that wait, and the taking up
 * of what an earlier life has left.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { Config } from '../config/schema.ts';
import type { SeriesInfo, SeriesRegistry } from '../decode/series.ts';
import { LmdbJournal } from '../journal/lmdb.ts';
import type { MemberSummary, StateHead } from '../store/heads.ts';
import type { DurableOutbox } from '../store/outbox.ts';
import type { StateStore } from '../store/state-store.ts';
import { Checkpointer } from './checkpointer.ts';
import type { Core } from './core.ts';
import { type KeptChange, NotChanged, type Reconfigured } from './kept-change.ts';
import { changeStreams, type KnownSeries, readSeries, type StreamChange } from './known-series.ts';
import type { Reconfigurable } from './reconfiguration.ts';
import { RecoveringCore } from './recovering-core.ts';
import { knownHeads, Recovery, refusal } from './recovery.ts';
import { takeUp } from './take-up.ts';
import { atOnce } from './turns.ts';

const MIB = 2 ** 20;

export interface KeeperParts {
  readonly store: StateStore;
  /** Of the streams that are wanted. */
  readonly known: KnownSeries;
  /** Knows them already. */
  readonly registry: SeriesRegistry;
  readonly settings: Config['state'];
  readonly outbox: DurableOutbox;
  readonly core: Core;
  /** Something is lost or begins anew. */
  readonly onLoss: (text: string) => void;
  readonly onInfo: (text: string) => void;
  /** The journal has room again. */
  readonly onTrim: () => void;
}

/** A series of an earlier life. */
export interface KnownSummary {
  readonly info: SeriesInfo;
  readonly summary: MemberSummary;
}

export class Keeper {
  readonly journal: LmdbJournal;
  readonly core: RecoveringCore;
  readonly #parts: KeeperParts;
  readonly #checkpointer: Checkpointer;
  #summaries: KnownSummary[];
  readonly #startedMs = performance.now();

  constructor(parts: KeeperParts) {
    const { store, known, settings, outbox, onLoss, onTrim } = parts;
    this.#parts = parts;
    const heads = knownHeads(store, known.series, { onLoss });
    this.#summaries = summariesOf(known.series, heads);
    this.journal = openJournal(parts, heads);
    const recovery = new Recovery(
      {
        store,
        journal: this.journal,
        series: known.series,
        heads,
        emitAfter: outbox.doneThrough,
        onDone: () => this.#recovered(recovery.backlog.samples),
      },
      { onLoss },
    );
    atOnce(recovery.fill());
    for (const { offset, factor } of this.journal.thinning) {
      void parts.core.apply([{ kind: 'thin', factor }], offset);
    }
    this.core = new RecoveringCore(parts.core, recovery);
    this.#checkpointer = new Checkpointer({
      store,
      journal: this.journal,
      core: this.core,
      outbox,
      everyMs: settings.checkpoint_every,
      isTold: (id) => this.core.isTold(id),
      recoveringFrom: () => (this.core.settled ? undefined : outbox.doneThrough),
      onTrim,
    });
  }

  /** Whether the journal has no room: the source has to wait until states are saved. */
  get isFull(): boolean {
    return this.journal.fullness >= 1;
  }

  /** What the states said of their series when they were saved; once, as nobody needs it twice. */
  summaries(): KnownSummary[] {
    return this.#summaries.splice(0);
  }

  start(): void {
    this.core.recover().catch(() => {}); // the pipeline hears of it with the next batch
    this.#checkpointer.start();
  }

  /** Saves some at once, out of turn. */
  async checkpoint(count: number): Promise<void> {
    await this.#checkpointer.round(count);
  }

  /** What a reload will have to save, as far as it has changed by now. */
  saveAhead(core: Reconfigurable, streams: ReadonlySet<string>): Promise<void> {
    return this.#checkpointer.exclusively(() => this.#checkpointer.saveAhead(core, streams));
  }

  /**
   * Streams come, go and change; once `core.settled`, and while no entry is under way. Where it throws
   * `NotChanged`, all is as it was.
   */
  reconfigure(parts: KeptChange): Promise<Reconfigured> {
    return this.#checkpointer.exclusively(() => this.#reconfigure(parts));
  }

  async #reconfigure(parts: KeptChange): Promise<Reconfigured> {
    const { store, registry, onLoss } = this.#parts;
    const { core, change, engines, streams, counts } = parts;
    let plan: StreamChange;
    try {
      await this.#checkpointer.saveStreams(core, parts.kept);
      const all = readSeries(store, { onLoss });
      const known = { ...all, size: Math.max(registry.size, all.size) };
      plan = changeStreams(store, known, streams, change.settings);
      await this.journal.putCounts(counts, plan.write);
    } catch (error) {
      throw new NotChanged((error as Error).message, { cause: error });
    }
    this.#checkpointer.forget(plan.gone.map(({ id }) => id));
    const refused = await core.reconfigure(change, engines);
    for (const { id, detail } of refused) onLoss(refusal(registry.get(id)!.name, detail));
    registry.forget(registry.all().filter(({ stream }) => change.dropped.has(stream)));
    const back = plan.known.series.filter(({ name }) => !registry.find(name));
    if (back.length > 0) await this.#takeUp(core, back);
    return { told: plan.told, isExact: refused.length === 0 && back.length === 0 };
  }

  /** Their streams are configured again. */
  async #takeUp(core: Core, series: readonly SeriesInfo[]): Promise<void> {
    const { store, registry, onLoss } = this.#parts;
    registry.restore(series, 0);
    const heads = knownHeads(store, series, { onLoss });
    const { journal } = this;
    const emitAfter = journal.end - 1;
    await takeUp(core, new Recovery({ store, journal, series, heads, emitAfter }, { onLoss }));
  }

  /** Saves all that has changed so far. @throws Error when the disk does not take it */
  async checkpointAll(): Promise<void> {
    await this.#checkpointer.round(this.core.unsavedCount);
  }

  /** All points so far are on the disk then. @throws Error when it does not take them */
  async flush(): Promise<void> {
    await this.#checkpointer.flush();
  }

  /** These series are no more: nothing of them is saved. */
  forget(ids: readonly number[]): void {
    this.#checkpointer.forget(ids);
  }

  /** Takes up the rest, where there is one, once nothing more comes. */
  async settle(): Promise<void> {
    if (this.core.settled) return;
    await this.core.recover();
    const { end } = this.journal;
    const points = await this.core.apply([], end);
    this.#parts.outbox.put(points, end - 1);
    await turn();
  }

  /** Saves all that has changed. @throws Error when the disk does not take it */
  async stop(): Promise<void> {
    await this.#checkpointer.stop();
  }

  /** Saves nothing more. Before the core is closed, where `stop` is left out. */
  async abandon(): Promise<void> {
    await this.#checkpointer.abandon();
  }

  async close(): Promise<void> {
    await this.abandon();
    await this.journal.close();
  }

  #recovered(samples: number): void {
    const { known, onInfo } = this.#parts;
    if (known.series.length === 0) return;
    const seconds = ((performance.now() - this.#startedMs) / 1000).toFixed(1);
    onInfo(
      `took up ${known.series.length} series after ${seconds} s; ` +
        `${samples} samples since their last checkpoints were learned again from the journal`,
    );
  }
}

/** In order of first appearance; of one that was never saved nothing is known but that it is there. */
function summariesOf(
  series: readonly SeriesInfo[],
  heads: ReadonlyMap<number, StateHead>,
): KnownSummary[] {
  const saved = new Map(
    [...heads.values()].flatMap(({ summary }) => summary.members.map((own) => [own.id, own])),
  );
  return series.map((info) => {
    const nothing = { id: info.id, newestMs: null, learned: 0, skill: null, coverage: null };
    return { info, summary: saved.get(info.id) ?? nothing };
  });
}

function openJournal(
  { store, registry, settings, outbox, onLoss }: KeeperParts,
  heads: ReadonlyMap<number, StateHead>,
): LmdbJournal {
  let newest = outbox.doneThrough;
  for (const { offset } of heads.values()) newest = Math.max(newest, offset);
  return new LmdbJournal(store, {
    commitDelayMs: settings.commit_delay,
    keepMs: settings.journal_keep,
    bytesMax: settings.journal_mib * MIB,
    endAtLeast: newest + 1,
    seriesOf: (id) => registry.get(id),
    onDamage: onLoss,
  });
}
