/** A daemon that finds its journal full, as after a kill, or where `journal_mib` was lowered. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EMPTY, Subject } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { daemonOnState } from '../../test/support/state-daemon.ts';
import { parseConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { LmdbJournal } from '../journal/lmdb.ts';
import { createLog } from '../observe/log.ts';
import type { Gate, Message, MessageBatch } from '../source/source.ts';
import type { Daemon } from './daemon.ts';
import { openDaemonState } from './daemon-state.ts';
import { prepareCore } from './prepare.ts';

const T0 = 1_780_000_000_000;
const SAMPLES = 3_000;
const BATCHES = 20;

const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

/** Gives one message when the gate lets it. */
class GatedSource {
  readonly url = 'test';
  readonly events = EMPTY;
  readonly #messages = new Subject<MessageBatch>();
  #gate!: Gate;
  acknowledged = false;

  messages(gate: Gate): Subject<MessageBatch> {
    this.#gate = gate;
    void this.#give();
    return this.#messages;
  }

  async #give(): Promise<void> {
    await sleep(0);
    await this.#gate.wait();
    const message: Message = {
      topic: 'a',
      payload: Buffer.from('1'),
      receivedMs: T0,
      retained: false,
      where: 'topic a',
      acknowledge: () => {
        this.acknowledged = true;
      },
    };
    this.#messages.next([message]);
  }

  /** As MQTT: what it holds is given first. */
  async stop(): Promise<void> {
    await this.#gate.wait();
    this.#messages.complete();
  }

  async close(): Promise<void> {}
}

/** With a journal of more than `journal_mib`, of which no state holds anything. */
async function killedDaemon(): Promise<{ daemon: Daemon; source: GatedSource; config: Config }> {
  const dir = mkdtempSync(join(tmpdir(), 'foretide-full-'));
  dirs.push(dir);
  const config = parseConfig(
    `{ source: { mqtt: { url: "mqtt://localhost" } }, shards: 1,
       state: { dir: "${join(dir, 'state')}", journal_mib: 1, checkpoint_every: 1s },
       streams: [{ name: x, topic: a, payload: number,
                   every: 1s, horizon: 1, model: { cell: none } }] }`,
    'test',
    {},
    dir,
  );
  const log = createLog('error');
  const core = await prepareCore(config, log);
  const before = (await openDaemonState(config, core.settings, log))!;
  await fill(before.open.store);
  await before.open.close();
  const source = new GatedSource();
  const { daemon } = await daemonOnState(config, source);
  return { daemon, source, config };
}

async function fill(store: ConstructorParameters<typeof LmdbJournal>[0]): Promise<void> {
  const journal = new LmdbJournal(store, {
    commitDelayMs: 0,
    keepMs: 0,
    bytesMax: 1e9,
    endAtLeast: 0,
    seriesOf: () => undefined,
    onDamage: () => {},
  });
  const series = { id: 0, stream: 'x', name: 'x', receiveTime: false };
  const counts = new Map([['x', { received: SAMPLES * BATCHES, invalid: 0, filtered: 0 }]]);
  await journal.append({ entries: [{ kind: 'series', series }] });
  for (let b = 0; b < BATCHES; b++) {
    const batch = {
      count: SAMPLES,
      seriesId: new Int32Array(SAMPLES),
      // A few steps only, so that it is quick.
      timeMs: Float64Array.from({ length: SAMPLES }, (_, i) => T0 + 1_000 * (b + i / SAMPLES)),
      value: Float64Array.from({ length: SAMPLES }, (_, i) => i),
    };
    await journal.append({ entries: [{ kind: 'samples', batch }], counts });
  }
  expect(journal.fullness * 1e9).toBeGreaterThan(2 ** 20);
  await journal.close();
}

describe('a daemon with a full journal', () => {
  it('takes it up, makes room, and goes on', async () => {
    const { daemon, source } = await killedDaemon();
    const run = daemon.run();
    while (!source.acknowledged) await Promise.race([sleep(50), run]);
    await daemon.stop();
    await run;
    const { received, learned } = daemon.accounting().get('x')!;
    expect(received).toBe(SAMPLES * BATCHES + 1);
    expect(learned).toBeGreaterThan(SAMPLES * (BATCHES - 2));
  }, 60_000);

  it('can be stopped at once', async () => {
    const { daemon } = await killedDaemon();
    const run = daemon.run();
    await daemon.stop();
    await run;
    expect(daemon.accounting().get('x')!.received).toBeGreaterThanOrEqual(SAMPLES * BATCHES);
  }, 60_000);
});
