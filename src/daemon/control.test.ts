import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EMPTY, Observable, type Subscriber } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { SlowPort } from '../../test/support/slow-port.ts';
import { daemonOnState } from '../../test/support/state-daemon.ts';
import { parseConfig } from '../config/load.ts';
import { unaccounted } from '../observe/accounting.ts';
import type { Gate, MessageBatch } from '../source/source.ts';
import type { Daemon } from './daemon.ts';
import { listSnapshots } from './snapshots.ts';

const T0_MS = 1_700_000_000_000;
let dir = '';
const running: Daemon[] = [];
afterEach(async () => {
  for (const daemon of running.splice(0)) await daemon.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** Takes what it is given when the gate is open, as an MQTT source does. */
class WaitingSource {
  readonly events = EMPTY;
  acknowledged = 0;
  #gate: Gate | undefined;
  #subscriber: Subscriber<MessageBatch> | undefined;

  messages(gate: Gate): Observable<MessageBatch> {
    this.#gate = gate;
    return new Observable((subscriber) => {
      this.#subscriber = subscriber;
    });
  }

  /** One message of two fields; resolves when it is taken. */
  async give(step: number, name = 'a'): Promise<void> {
    for (let wait = this.#gate?.wait(); wait; wait = this.#gate?.wait()) await wait;
    const payload = JSON.stringify({ t: T0_MS + 1_000 * step, u: Math.sin(step), v: step % 7 });
    const acknowledge = (): void => void this.acknowledged++;
    const message = { topic: `x/${name}`, payload: Buffer.from(payload), receivedMs: Date.now() };
    this.#subscriber?.next([{ ...message, retained: false, where: 'test', acknowledge }]);
  }

  async stop(): Promise<void> {
    this.#subscriber?.complete();
  }

  async close(): Promise<void> {}
}

async function start(shards: number, channels = 'apart') {
  dir ||= mkdtempSync(join(tmpdir(), 'foretide-control-'));
  const config = parseConfig(
    `{ source: { mqtt: { url: "mqtt://localhost" } }, shards: ${shards},
       state: { dir: "${join(dir, 'state')}" },
       streams: [{ name: fast, topic: x/+, values: [u, v], time: t, every: 1s, seasons: [],
         channels: ${channels}, model: { effort: simple, hidden: 2 } }] }`,
    'test',
    {},
    dir,
  );
  const source = new WaitingSource();
  const { daemon, store } = await daemonOnState(config, source, {
    startWorker: (data) => new SlowPort(data, () => 'live'),
  });
  running.push(daemon);
  const outcome = daemon.run();
  const account = () => {
    const counts = daemon.accounting().get('fast')!;
    expect(unaccounted(counts)).toBe(0);
    return counts;
  };
  const stop = async (): Promise<void> => {
    await daemon.stop();
    await outcome;
    running.splice(running.indexOf(daemon), 1);
  };
  return { daemon, source, store, account, stop };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20);
}

describe.each([1, 2])('control of a daemon with %i shards', (shards) => {
  afterEach(() => {
    dir = '';
  });

  it('pauses when all that was taken is learned and saved, and goes on where it was', async () => {
    const { daemon, source, store, account } = await start(shards);
    for (let step = 0; step < 20; step++) await source.give(step);
    await daemon.control.pause();
    await daemon.control.pause();
    expect(daemon.monitor.unreadyReason).toBe('paused');
    expect(source.acknowledged).toBe(20);
    expect(account()).toMatchObject({ received: 40, pending: 0 });
    expect(store.count('heads')).toBe(2);
    let given = false;
    const next = source.give(20).then(() => {
      given = true;
    });
    await sleep(100);
    expect(given).toBe(false);
    await daemon.control.resume();
    await daemon.control.resume();
    await next;
    await until(() => source.acknowledged === 21);
    expect(account()).toMatchObject({ received: 42, late: 0, duplicate: 0 });
  });

  it('can be stopped while it is paused', async () => {
    const { daemon, stop } = await start(shards);
    await daemon.control.pause();
    await stop();
  });

  it.each([
    ['apart', 'a/u', 1],
    ['together', 'a/v', 2],
  ])('forgets of channels: %s the series %s for good', async (channels, name, gone) => {
    const first = await start(shards, channels);
    const series = [...'ab'].flatMap((topic) => [`x/${topic}/u`, `x/${topic}/v`]);
    for (let step = 0; step < 30; step++) {
      await first.source.give(step, 'a');
      await first.source.give(step, 'b');
    }
    await expect(first.daemon.control.forget('nobody')).rejects.toThrow(
      'series "nobody": there is none of that name',
    );
    await first.daemon.control.forget(`x/${name}`);
    await expect(first.daemon.control.forget(`x/${name}`)).rejects.toThrow('there is none');
    expect(first.account()).toMatchObject({ received: 120 });
    for (let step = 30; step < 33; step++) await first.source.give(step, 'a');
    await until(() => first.source.acknowledged === 63);
    expect(first.account()).toMatchObject({ received: 126, late: 0 });
    await first.stop();

    const second = await start(shards, channels);
    await second.source.give(33, 'a');
    await until(() => second.source.acknowledged === 1);
    expect(second.account()).toMatchObject({ received: 128, late: 0, duplicate: 0 });
    await second.stop();
    const { store } = await start(shards, channels);
    const rows = [...store.keys<number>('series')];
    expect(rows).toHaveLength(series.length + gone);
    expect([...store.keys<number>('heads')]).not.toContain(rows[name.endsWith('u') ? 0 : 1]);
  });

  it('copies its state, and says what is wrong with a name', async () => {
    const { daemon, source } = await start(shards);
    await source.give(0);
    await daemon.control.pause();
    await daemon.control.snapshot('monday');
    expect(listSnapshots(join(dir, 'state')).map(({ name }) => name)).toEqual(['monday']);
    await expect(daemon.control.snapshot('monday')).rejects.toThrow('exists already');
    await expect(daemon.control.snapshot('../x')).rejects.toThrow('a name has up to 100 letters');
  });
});
