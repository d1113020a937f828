import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { TestOutbox } from '../../test/support/durable-outbox.ts';
import { LmdbJournal } from '../journal/lmdb.ts';
import { StateStore } from '../store/state-store.ts';
import { Checkpointer } from './checkpointer.ts';
import type { Core } from './core.ts';

const dir = mkdtempSync(join(tmpdir(), 'foretide-checkpointer-'));
const store = new StateStore(dir);
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

it('can be abandoned where a core that has failed gives states whose points never come', async () => {
  const journal = new LmdbJournal(store, {
    commitDelayMs: 0,
    keepMs: 0,
    bytesMax: 1e4,
    endAtLeast: 0,
    seriesOf: () => undefined,
    onDamage: () => {},
  });
  let asked = 0;
  const core = {
    unsavedCount: 1,
    unsavedFrom: 0,
    save: async () => {
      asked++;
      return [{ id: 0, offset: 5, from: 0, bytes: new Uint8Array(1) }];
    },
  };
  const checkpointer = new Checkpointer({
    store,
    journal,
    core: core as unknown as Core,
    outbox: new TestOutbox(store),
    everyMs: 1,
    isTold: () => true,
    recoveringFrom: () => undefined,
    onTrim: () => {},
  });
  checkpointer.start();
  while (asked === 0) await sleep(50);
  await sleep(50);
  await checkpointer.abandon();
  expect([...store.keys('states')]).toEqual([]);
});
