import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EMPTY, Subject } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { SlowPort } from '../../test/support/slow-port.ts';
import { SmallDisk } from '../../test/support/small-disk.ts';
import { daemonOnState } from '../../test/support/state-daemon.ts';
import { parseConfig } from '../config/load.ts';
import type { MessageBatch } from '../source/source.ts';

const missing = SmallDisk.unavailable;
const dir = mkdtempSync(join(tmpdir(), 'foretide-failure-'));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Values one after the other, each acknowledged. */
class TestSource {
  readonly url = 'test';
  readonly events = EMPTY;
  readonly #messages = new Subject<MessageBatch>();
  acknowledged = 0;

  messages(): Subject<MessageBatch> {
    return this.#messages;
  }

  give(topic: string): void {
    this.#messages.next([
      {
        topic,
        payload: Buffer.from('1'),
        receivedMs: Date.now(),
        retained: false,
        where: `topic ${topic}`,
        acknowledge: () => {
          this.acknowledged++;
        },
      },
    ]);
  }

  async stop(): Promise<void> {
    this.#messages.complete();
  }

  async close(): Promise<void> {}
}

async function start(shards: number, isDeadly: () => boolean, home = dir) {
  const config = parseConfig(
    `{ source: { mqtt: { url: "mqtt://localhost" } }, shards: ${shards},
       state: { dir: "${join(home, 'state')}", checkpoint_every: 1s },
       streams: [{ name: clock, topic: x/+, payload: number, every: 100ms, model: { cell: none } }] }`,
    'test',
    {},
    dir,
  );
  const source = new TestSource();
  const { daemon, store } = await daemonOnState(config, source, {
    startWorker: (data) => new SlowPort(data, () => (isDeadly() ? 'dies before' : 'live')),
  });
  const outcome = daemon.run().then(
    () => 'done',
    (error: Error & { exitCode?: number }) => `${error.exitCode}: ${error.message}`,
  );
  return { daemon, source, outcome, store };
}

describe('a daemon', () => {
  it('ends where a thread dies again and again, and the next one learns all that was acknowledged', async () => {
    let isDeadly = false;
    const first = await start(2, () => isDeadly);
    for (let i = 0; i < 40; i++) first.source.give(`x/${i % 4}`);
    while (first.source.acknowledged < 40) await sleep(20);
    isDeadly = true;
    first.source.give('x/0');
    expect(await first.outcome).toContain('died 4 times');
    isDeadly = false;
    const second = await start(2, () => false);
    await sleep(100);
    await second.daemon.stop();
    expect(await second.outcome).toBe('done');
    const { received, ...became } = second.daemon.accounting().get('clock')!;
    expect(received).toBe(first.source.acknowledged);
    expect(Object.values(became).reduce((sum, count) => sum + count, 0)).toBe(received);
  }, 60_000);

  it.skipIf(missing)(
    'can be stopped while the disk takes nothing, with exit code 5',
    async () => {
      const disk = new SmallDisk(12);
      try {
        const { daemon, source, outcome, store } = await start(1, () => false, disk.dir);
        source.give('x/0');
        while (source.acknowledged < 1) await sleep(20);
        const stalled = new Promise<void>((resolve) => store.events.subscribe(() => resolve()));
        disk.fill();
        while (!(await Promise.race([stalled.then(() => true), sleep(1, false)])))
          source.give('x/1');
        await daemon.stop();
        expect(await outcome).toMatch(/^5: .*no space left/);
      } finally {
        disk.unmount();
      }
    },
    60_000,
  );
});
