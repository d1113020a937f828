/**
 * What can be asked of a running daemon, and must not come in its way: whatever changes the core
 * waits until nothing is under way, while the gate holds the source. The broker keeps what comes
 * meanwhile, as it does whenever we are busy.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { SeriesInfo, SeriesRegistry } from '../decode/series.ts';
import type { Intake } from '../decode/stream-decoder.ts';
import type { DaemonLog } from '../observe/incidents.ts';
import type { Control } from '../observe/monitor.ts';
import type { Core } from './core.ts';
import type { DurableState } from './durable-state.ts';
import type { Forgotten } from './forgotten.ts';
import type { PipelineGate } from './gate.ts';
import { saveSnapshotApart } from './snapshot-apart.ts';

export interface ControlParts {
  readonly gate: PipelineGate;
  readonly registry: SeriesRegistry;
  readonly intake: Intake;
  readonly core: Core;
  readonly durable: DurableState | undefined;
  readonly forgotten: Forgotten;
  readonly log: DaemonLog;
  readonly onPaused: (paused: boolean) => void;
  /** These series are no more. */
  readonly onForgotten: (series: readonly SeriesInfo[]) => void;
}

export class DaemonControl implements Control {
  readonly #parts: ControlParts;
  #pausing: Promise<() => void> | undefined;
  /** One after the other. */
  #changing: Promise<unknown> = Promise.resolve();

  constructor(parts: ControlParts) {
    this.#parts = parts;
  }

  /**
   * Until `resume`, or the end of this process: the next one takes messages again. Time stands still
   * meanwhile, so no gap is seen before it goes on.
   * @throws Error when what was learned cannot be saved; it is paused all the same
   */
  async pause(): Promise<void> {
    const { gate, durable, log, onPaused } = this.#parts;
    if (!this.#pausing) {
      onPaused(true);
      log.info('paused: messages are not taken; the broker keeps what it can');
      this.#pausing = gate.hold();
    }
    await this.#pausing;
    try {
      await durable?.checkpointAll();
    } catch (error) {
      throw new Error(`paused, but what was learned is not saved: ${(error as Error).message}`);
    }
  }

  async resume(): Promise<void> {
    const pausing = this.#pausing;
    if (!pausing) return;
    this.#pausing = undefined;
    this.#parts.onPaused(false);
    this.#parts.log.info('resumed: messages are taken again');
    (await pausing)();
  }

  /**
   * Channels of one message are learned as one, and forgotten as one.
   * @throws Error when there is no such series, or the daemon is about to stop
   */
  forget(series: string): Promise<void> {
    return this.inTurn(() => this.#forget(series));
  }

  /** Whatever takes series away, one after the other. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#changing.then(work);
    this.#changing = done.catch(() => {});
    return done;
  }

  /** @throws Error when nothing is kept, or the name cannot be used */
  async snapshot(name: string): Promise<void> {
    const { durable } = this.#parts;
    if (!durable) throw new Error('nothing is kept on disk, so there is nothing to copy');
    await saveSnapshotApart(durable.dir, name);
    this.#parts.log.info(`saved snapshot ${name}`);
  }

  async #forget(name: string): Promise<void> {
    const { gate, registry, intake, core, durable, forgotten, log, onForgotten } = this.#parts;
    this.#membersOf(name);
    if (durable && !(await durable.recovered(() => gate.isReleased))) throw STOPPING;
    const release = await gate.hold();
    // Whoever looks at what was put has seen it then.
    await turn();
    try {
      // What is put is on the disk under the old id before a new one can have the name.
      await durable?.flush();
      if (gate.isReleased) throw STOPPING;
      const members = this.#membersOf(name);
      const ids = members.map(({ id }) => id);
      // In one turn: whatever comes after it is of new series, to all of them.
      durable?.forget(ids);
      const counts = core.forget(ids);
      registry.forget(members);
      intake.forget(members);
      forgotten.add(await counts);
      await durable?.putForgotten(members);
      onForgotten(members);
      log.info(`forgotten: series ${members.map((info) => info.name).join(', ')}`);
    } finally {
      release();
    }
  }

  #membersOf(name: string): readonly SeriesInfo[] {
    const { registry } = this.#parts;
    const info = registry.find(name);
    if (!info) throw new Error(`series "${name}": there is none of that name`);
    const key = info.group?.key;
    if (key === undefined) return [info];
    return registry.all().filter(({ group }) => group?.key === key);
  }
}

const STOPPING = new Error('the daemon is about to stop');
