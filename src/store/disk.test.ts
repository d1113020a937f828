import { closeSync, existsSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SmallDisk } from '../../test/support/small-disk.ts';
import { checkStore } from './check.ts';
import { openState } from './open-state.ts';
import { StateStore, type StoreEvent } from './state-store.ts';

// Other work may keep the machine and the disk busy.
vi.setConfig({ testTimeout: 120_000 });

const missing = SmallDisk.unavailable;
const title = missing ? `a small disk (skipped: ${missing})` : 'a small disk';
const silent = { info() {}, warn() {}, error() {} };
const KB_100 = 100_000;
const NO_SPACE = /no space left in .* \(0\.\d MiB free\)/;

let disk: SmallDisk;
afterEach(() => disk.unmount());

/** How many values of 100 kB it took. */
async function fill(store: StateStore): Promise<number> {
  for (let key = 0; key < 1_000; key++) {
    const taken = await store
      .commit((write) => write.put('states', key, Buffer.alloc(KB_100, key)))
      .then(
        () => true,
        () => false,
      );
    if (!taken) return key;
  }
  throw new Error('the disk does not fill');
}

describe.skipIf(missing)(title, () => {
  it('takes what it has refused as soon as there is room, and loses nothing before', async () => {
    disk = new SmallDisk(30);
    disk.fill(6 << 20);
    const store = new StateStore(disk.dir);
    const events: StoreEvent[] = [];
    store.events.subscribe((event) => events.push(event));
    const kept = await fill(store);
    expect(kept).toBeGreaterThan(20);
    expect(events).toEqual([
      { kind: 'stalled', insist: false, detail: expect.stringMatching(NO_SPACE) },
    ]);
    let done = false;
    const insisted = store.commit(
      (write) => {
        for (let i = 0; i < 20; i++) write.put('journal', i, Buffer.alloc(KB_100, i));
      },
      { insist: true },
    );
    void insisted.then(() => {
      done = true;
    });
    await vi.waitFor(() => expect(events).toHaveLength(2), { timeout: 20_000 });
    expect(store.get('states', kept - 1)).toBeDefined();
    expect(done).toBe(false);
    disk.clear();
    await insisted;
    expect(events.slice(1)).toEqual([
      { kind: 'stalled', insist: true, detail: expect.stringMatching(NO_SPACE) },
      { kind: 'resumed', insist: true, detail: expect.stringMatching(/^after/) },
    ]);
    await store.close();
    const path = join(disk.dir, 'store', 'data.mdb');
    const depth = { msMax: 60_000, bytesMax: Number.POSITIVE_INFINITY };
    expect(checkStore(path, depth)).toEqual([]);
    const again = new StateStore(disk.dir);
    expect(again.count('states')).toBe(kept);
    expect(again.get('journal', 19)).toEqual(Buffer.alloc(KB_100, 19));
    await again.close();
  });

  it('says that it is full, or read-only, at the start', async () => {
    disk = new SmallDisk(6);
    const dir = join(disk.dir, 'state');
    await (await openState(dir, silent)).close();
    disk.fill();
    const opening = openState(dir, silent);
    await expect(opening).rejects.toThrow(
      `state directory ${dir}: cannot write in it: no space left`,
    );
    await expect(opening).rejects.toMatchObject({ exitCode: 5 });
    disk.readOnly(true);
    await expect(openState(dir, silent)).rejects.toThrow('the file system is read-only');
    await expect(openState(join(disk.dir, 'new'), silent)).rejects.toThrow(
      'cannot create it: the file system is read-only',
    );
    disk.readOnly(false);
    disk.clear();
    const state = await openState(dir, silent);
    expect(state.cleanStart).toBe(true);
    await state.close();
  });

  it('leaves a damaged store alone while there is no room for another', async () => {
    disk = new SmallDisk(16);
    const dir = join(disk.dir, 'state');
    const first = await openState(dir, silent);
    const value = Buffer.alloc(KB_100, 7);
    await first.store.commit((write) => {
      for (let key = 0; key < 40; key++) write.put('states', key, value);
    });
    await first.close();
    const path = join(dir, 'store', 'data.mdb');
    damageMeta(path);
    disk.fill(2 << 20);
    await expect(openState(dir, silent)).rejects.toThrow(
      /the store has to be written anew, but: no space left .*; make room for up to \d MiB/,
    );
    expect(existsSync(path)).toBe(true);
    expect(existsSync(join(dir, 'healing'))).toBe(false);
    disk.clear();
    const second = await openState(dir, silent);
    expect(second.lost).toEqual([]);
    expect(second.store.get('states', 39)).toEqual(value);
    await second.close();
  });
});

function damageMeta(path: string): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.from([1]), 0, 1, 32);
  closeSync(file);
}
