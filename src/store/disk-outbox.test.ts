import { describe, expect, it } from 'vitest';
import { OutboxDir, until } from '../../test/support/disk-outbox.ts';
import { START_MS, STEP_MS, seriesPoints } from '../../test/support/points.ts';
import type { OutboxStore } from './chunk-store.ts';
import type { DiskOutbox } from './disk-outbox.ts';
import type { OutboxReader } from './outbox.ts';
import type { SeriesPoints } from './points.ts';
import type { StateStore } from './state-store.ts';

const steps = (from: number, to: number, leads = 2): SeriesPoints[] =>
  Array.from({ length: to - from }, (_, i) => {
    const issuedMs = START_MS + (from + i) * STEP_MS;
    return seriesPoints({ series: 's0', issuedMs, actual: from + i }, leads);
  });

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => from + i);

const taken = (batch: readonly SeriesPoints[]): number[] => batch.map(({ actual }) => actual);

function takeAll(reader: OutboxReader, limit = 300): number[] {
  const all: number[] = [];
  for (let batch = reader.peek(limit); batch.length > 0; batch = reader.peek(limit)) {
    all.push(...taken(batch));
    reader.advance(batch.length);
  }
  return all;
}

/** Puts steps as fast as the disk takes them. */
async function putSlowly(outbox: DiskOutbox, from: number, to: number, leads = 2): Promise<number> {
  let inMemoryMax = 0;
  for (let at = from; at < to; at += 50) {
    outbox.put(steps(at, Math.min(at + 50, to), leads), at);
    if (outbox.inMemory > 200) await until(() => outbox.inMemory <= 200);
    inMemoryMax = Math.max(inMemoryMax, outbox.inMemory);
  }
  return inMemoryMax;
}

/** A store whose disk takes nothing while `full` is set. */
function fillable() {
  const disk = { full: false, attempts: 0 };
  const through = (store: StateStore): OutboxStore => ({
    get: (table, key) => store.get(table, key),
    keys: (table, range) => store.keys(table, range),
    commit: async (write) => {
      disk.attempts++;
      if (!disk.full) return store.commit(write);
      // As a commit that fails: its callback was called, and nothing of it stays.
      write({ put: () => {}, remove: () => {} });
      throw new Error('No space left on device');
    },
  });
  return { disk, through };
}

describe('an outage', () => {
  it('takes the same memory however long it is, and nothing is lost', async () => {
    const dir = new OutboxDir();
    const outbox = await dir.open({ pointsMax: 200 });
    const reader = outbox.reader('a');
    expect(await putSlowly(outbox, 0, 6_000)).toBeLessThanOrEqual(200);
    expect(reader.depth).toBe(6_000);
    expect(takeAll(reader)).toEqual(numbers(0, 6_000));
    expect([reader.depth, reader.dropped, outbox.inMemory, outbox.bytes]).toEqual([0, 0, 0, 0]);
    await dir.stage();
    expect(dir.keys()).toEqual([]);
  });

  it('is nothing to a reader that is quick', async () => {
    const outbox = await new OutboxDir().open({ pointsMax: 200 });
    const [slow, quick] = [outbox.reader('slow'), outbox.reader('quick')];
    for (let at = 0; at < 3_000; at += 50) {
      await putSlowly(outbox, at, at + 50);
      expect(takeAll(quick)).toEqual(numbers(at, at + 50));
    }
    expect(takeAll(slow, 77)).toEqual(numbers(0, 3_000));
  });

  it('deletes what is read while nothing new comes', async () => {
    const dir = new OutboxDir();
    const outbox = await dir.open({ pointsMax: 40 });
    const reader = outbox.reader('a');
    // How many go into one chunk hangs on how quickly the disk takes them.
    let end = 0;
    for (; end < 9_000 && dir.keys().length <= 80; end += 300) {
      await putSlowly(outbox, end, end + 300, 1_000);
    }
    const before = dir.keys().length;
    expect(before).toBeGreaterThan(80);
    expect(takeAll(reader, 10)).toEqual(numbers(0, end));
    await until(() => dir.keys().length < before - 64);
  });
});

describe('a restart', () => {
  it('goes on where each sink was', async () => {
    const dir = new OutboxDir();
    let outbox = await dir.open({ pointsMax: 200 });
    let [a, b] = [outbox.reader('a'), outbox.reader('b')];
    await putSlowly(outbox, 0, 1_500);
    b.peek(700);
    b.advance(700);
    await dir.stage();
    expect(outbox.doneThrough).toBe(-1);
    outbox = await dir.open({ pointsMax: 200 });
    expect(outbox.doneThrough).toBe(1_450);
    [a, b] = [outbox.reader('a'), outbox.reader('b')];
    expect([a.depth, b.depth]).toEqual([1_500, 800]);
    outbox.put(steps(1_500, 1_600), 1_600);
    expect(takeAll(a)).toEqual(numbers(0, 1_600));
    expect(takeAll(b)).toEqual(numbers(700, 1_600));
  });

  it('takes back what was not staged, as it is computed again', async () => {
    const dir = new OutboxDir();
    let outbox = await dir.open({ pointsMax: 200 });
    outbox.reader('a');
    await putSlowly(outbox, 0, 300);
    await dir.stage(299);
    const reader = outbox.reader('a');
    await putSlowly(outbox, 300, 1_500);
    expect(takeAll(reader).length).toBe(1_500);
    await putSlowly(outbox, 1_500, 2_500);
    await dir.close();
    outbox = await dir.open({ pointsMax: 200 });
    expect(outbox.doneThrough).toBe(299);
    const again = outbox.reader('a');
    expect(again.depth).toBe(0);
    await putSlowly(outbox, 300, 2_600);
    expect(takeAll(again)).toEqual(numbers(300, 2_600));
    await dir.stage();
    outbox = await dir.open();
    expect(outbox.reader('a').depth).toBe(0);
    expect(dir.keys()).toEqual([]);
  });

  it('keeps doneThrough where entries are still being computed again', async () => {
    const dir = new OutboxDir();
    (await dir.open()).put(steps(0, 1), 70);
    await dir.stage(41);
    expect((await dir.open()).doneThrough).toBe(41);
    await dir.stage();
    expect((await dir.open()).doneThrough).toBe(41);
  });

  it('forgets a sink that is no longer configured, and a new one begins at the end', async () => {
    const dir = new OutboxDir();
    let outbox = await dir.open();
    const [kept] = [outbox.reader('kept'), outbox.reader('removed'), outbox.reader('idle')];
    outbox.put(steps(0, 10), 9);
    kept.peek(10);
    kept.advance(10);
    outbox.reader('idle').peek(10);
    outbox.reader('idle').advance(10);
    await dir.stage();
    outbox = await dir.open();
    const added = outbox.reader('added');
    expect([outbox.reader('kept').depth, added.depth]).toEqual([0, 0]);
    outbox.put(steps(10, 12), 10);
    expect(takeAll(added)).toEqual([10, 11]);
    expect(dir.events).toEqual([
      {
        kind: 'forgotten',
        detail: 'sink "removed" is no longer configured; 10 steps that waited for it are given up',
      },
      { kind: 'forgotten', detail: 'sink "idle" is no longer configured' },
    ]);
    expect(takeAll(outbox.reader('kept'))).toEqual([10, 11]);
    await dir.stage();
    expect(dir.keys()).toEqual([]);
    outbox = await dir.open();
    outbox.reader('kept');
    outbox.put([], 11);
    expect(dir.events.filter(({ detail }) => /removed/.test(detail))).toHaveLength(1);
  });

  it('in the midst of two lanes: both go on, and no forecast goes back', async () => {
    const dir = new OutboxDir();
    let outbox = await dir.open({ pointsMax: 200 });
    let reader = outbox.reader('a');
    await putSlowly(outbox, 0, 1_000);
    reader.split();
    await putSlowly(outbox, 1_000, 1_300);
    // Fresh and old ones in turn.
    for (const first of [1_000, 0, 1_100, 100]) {
      const batch = reader.peek(100);
      expect(batch[0]!.actual).toBe(first);
      reader.advance(batch.length);
    }
    await dir.stage();
    outbox = await dir.open({ pointsMax: 200 });
    reader = outbox.reader('a');
    expect([reader.depth, reader.fresh]).toEqual([900, 100]);
    const old: SeriesPoints[] = [];
    expect(taken(reader.peek(100))).toEqual(numbers(1_200, 1_300));
    reader.advance(100);
    for (let batch = reader.peek(400); batch.length > 0; batch = reader.peek(400)) {
      old.push(...batch);
      reader.advance(batch.length);
    }
    expect(taken(old)).toEqual(numbers(200, 1_000));
    // Step 1000 has written the targets from 1001 on.
    expect(old.map(({ targetMs }) => targetMs.length)).toEqual([...Array(799).fill(2), 1]);
  });

  it('keeps few chunks, however often it is staged', async () => {
    const dir = new OutboxDir();
    let outbox = await dir.open();
    outbox.reader('a');
    for (let i = 0; i < 600; i++) {
      outbox.put(steps(i, i + 1), i);
      await dir.stage();
      expect(dir.keys().length).toBeLessThan(32);
    }
    outbox = await dir.open();
    expect(takeAll(outbox.reader('a'))).toEqual(numbers(0, 600));
  });
});

describe('at the limit', () => {
  it('drops the oldest, exactly counted for each reader, over restarts', async () => {
    const dir = new OutboxDir();
    const options = { pointsMax: 50, bytesMax: 2 ** 20 };
    let outbox = await dir.open(options);
    let [slow, other] = [outbox.reader('slow'), outbox.reader('other')];
    await putSlowly(outbox, 0, 100, 1_000);
    other.peek(60);
    other.advance(60);
    await putSlowly(outbox, 100, 400, 1_000);
    await until(() => outbox.inMemory <= 50 && outbox.bytes < 2 ** 20);
    const dropped = slow.dropped;
    expect(dropped).toBeGreaterThan(250);
    expect(other.dropped).toBe(dropped - 60);
    expect(dir.events).toEqual([
      {
        kind: 'full',
        detail: '1 MiB wait on disk (outbox.disk_mib): the oldest steps are dropped',
      },
    ]);
    expect(takeAll(slow)).toEqual(numbers(dropped, 400));
    await dir.stage();
    outbox = await dir.open(options);
    [slow, other] = [outbox.reader('slow'), outbox.reader('other')];
    expect([slow.dropped, slow.droppedEver, other.droppedEver]).toEqual([0, dropped, dropped - 60]);
    expect(takeAll(other)).toEqual(numbers(dropped, 400));
  });

  it('does not count as dropped what was being written meanwhile', async () => {
    const outbox = await new OutboxDir().open({ pointsMax: 50, bytesMax: 2 ** 20 });
    const reader = outbox.reader('a');
    await putSlowly(outbox, 0, 60, 1_000);
    reader.peek(20);
    await putSlowly(outbox, 60, 400, 1_000);
    const { dropped } = reader;
    expect(dropped).toBeGreaterThan(20);
    reader.advance(20);
    expect(reader.dropped).toBe(dropped - 20);
    expect(takeAll(reader)).toEqual(numbers(dropped, 400));
  });

  it('waits, where that is asked for, and drops nothing', async () => {
    const dir = new OutboxDir();
    let advanced = 0;
    const outbox = await dir.open({
      ...{ pointsMax: 50, bytesMax: 2 ** 20, whenFull: 'wait' },
      onAdvance: () => advanced++,
    });
    const reader = outbox.reader('a');
    let put = 0;
    for (; !outbox.full; put += 50) await putSlowly(outbox, put, put + 50, 1_000);
    // What is on its way is kept all the same.
    await putSlowly(outbox, put, put + 50, 1_000);
    expect(dir.events).toEqual([
      { kind: 'full', detail: '1 MiB wait on disk (outbox.disk_mib): the source has to wait' },
    ]);
    advanced = 0;
    expect(takeAll(reader)).toEqual(numbers(0, put + 50));
    expect(advanced).toBeGreaterThan(0);
    expect([outbox.full, reader.dropped]).toEqual([false, 0]);
  });

  it('drops what has waited too long', async () => {
    const dir = new OutboxDir();
    let nowMs = 1e12;
    const options = { ageMsMax: 60_000, nowMs: () => nowMs };
    let outbox = await dir.open(options);
    outbox.reader('a');
    outbox.put(steps(0, 10), 0);
    await dir.stage();
    nowMs += 59_000;
    outbox.put(steps(10, 15), 1);
    await dir.stage();
    expect(outbox.reader('a').dropped).toBe(0);
    nowMs += 2_000;
    outbox.put(steps(15, 16), 2);
    expect(outbox.reader('a').dropped).toBe(10);
    await dir.stage();
    nowMs += 59_000;
    outbox = await dir.open(options);
    const reader = outbox.reader('a');
    outbox.put([], 3);
    expect([reader.dropped, reader.droppedEver]).toEqual([5, 15]);
    expect(takeAll(reader)).toEqual([15]);
    expect(dir.events.map(({ kind }) => kind)).toEqual(['expired', 'expired']);
  });
});

describe('a disk that takes nothing', () => {
  it('leaves points in memory up to twice as many; then the oldest there are dropped', async () => {
    const dir = new OutboxDir();
    const { disk, through } = fillable();
    const outbox = await dir.open({ pointsMax: 100 }, through);
    const [a, b] = [outbox.reader('a'), outbox.reader('b')];
    await putSlowly(outbox, 0, 300);
    const onDisk = 300 - outbox.inMemory;
    expect(onDisk).toBeGreaterThan(150);
    // This one has had all that is on the disk.
    b.peek(onDisk);
    b.advance(onDisk);
    disk.full = true;
    for (let at = 300; at < 1_000; at += 10) {
      outbox.put(steps(at, at + 10), at);
      await Promise.resolve();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(outbox.inMemory).toBeLessThanOrEqual(210);
    // Once and again after a while, not at every step.
    expect(disk.attempts).toBeLessThan(20);
    expect(b.dropped).toBeGreaterThan(500);
    expect(dir.events.map(({ kind }) => kind)).toEqual(['full']);
    const seen = takeAll(a);
    expect(seen.slice(0, onDisk)).toEqual(numbers(0, onDisk));
    expect(seen.slice(onDisk)).toEqual(numbers(1_000 - seen.length + onDisk, 1_000));
    expect(seen.length + a.dropped).toBe(1_000);
    expect(takeAll(b)).toEqual(seen.slice(onDisk));
  });

  it('is used again when it takes something', async () => {
    const dir = new OutboxDir();
    const { disk, through } = fillable();
    const outbox = await dir.open({ pointsMax: 100, whenFull: 'wait' }, through);
    const reader = outbox.reader('a');
    disk.full = true;
    outbox.put(steps(0, 250), 0);
    await until(() => outbox.full);
    expect(dir.events).toEqual([
      {
        kind: 'full',
        detail: 'the disk takes nothing, and 250 steps wait in memory: the source has to wait',
      },
    ]);
    disk.full = false;
    await until(() => !outbox.full);
    await until(() => outbox.inMemory <= 100);
    expect(takeAll(reader)).toEqual(numbers(0, 250));
  });
});

describe('damage', () => {
  it('of a chunk: it is skipped, counted and told once; the rest goes on', async () => {
    const dir = new OutboxDir();
    let outbox = await dir.open({ pointsMax: 100 });
    outbox.reader('a');
    outbox.reader('b');
    await putSlowly(outbox, 0, 1_600);
    await dir.stage();
    const keys = dir.keys();
    const [, second, ...later] = keys;
    await dir.damage('outbox', second!);
    await dir.damage('outbox', later.at(-1)!);
    outbox = await dir.open({ pointsMax: 100 });
    const lost = second![1] + later.at(-1)![1];
    for (const reader of [outbox.reader('a'), outbox.reader('b')]) {
      const seen = takeAll(reader);
      expect(seen.length).toBe(1_600 - lost);
      expect(seen[second![0]]).toBe(second![0] + second![1]);
      expect([reader.dropped, reader.depth]).toEqual([lost, 0]);
    }
    expect(dir.events).toEqual(
      [second!, later.at(-1)!].map(([first, count]) => ({
        kind: 'damaged',
        detail: expect.stringContaining(
          `${count} steps that waited on disk, from number ${first} on: its checksum`,
        ),
      })),
    );
    outbox.put(steps(1_600, 1_601), 1_601);
    expect(takeAll(outbox.reader('a'))).toEqual([1_600]);
  });

  it('of what is kept beside them: points are computed or written twice, never lost', async () => {
    const dir = new OutboxDir();
    let outbox = await dir.open();
    outbox.reader('a').peek(5);
    outbox.put(steps(0, 10), 9);
    await dir.stage();
    outbox.reader('a').peek(5);
    outbox.reader('a').advance(5);
    await dir.stage();
    await dir.damage('meta', 'outbox.readers');
    outbox = await dir.open();
    expect(outbox.doneThrough).toBe(9);
    expect(takeAll(outbox.reader('a'))).toEqual(numbers(0, 10));
    await dir.damage('meta', 'outbox.staged');
    outbox = await dir.open();
    expect(outbox.doneThrough).toBe(-1);
    expect(takeAll(outbox.reader('a'))).toEqual(numbers(0, 10));
    expect(dir.events.map(({ kind }) => kind)).toEqual(['damaged', 'damaged', 'damaged']);
  });

  it('that was cut out of the store already is taken the same way', async () => {
    const dir = new OutboxDir();
    let outbox = await dir.open();
    outbox.reader('a');
    outbox.put(steps(0, 10), 9);
    await dir.stage();
    outbox.put(steps(10, 600, 20), 10);
    await dir.stage();
    const keys = dir.keys();
    expect(keys.length).toBeGreaterThan(2);
    const [gone] = keys.splice(1, 1);
    await dir.store.commit((write) => {
      for (const key of ['outbox.readers', 'outbox.staged']) write.remove('meta', key);
      write.remove('outbox', gone!);
    });
    outbox = await dir.open();
    expect(outbox.doneThrough).toBe(-1);
    const reader = outbox.reader('a');
    expect(takeAll(reader)).toHaveLength(600 - gone![1]);
    expect(reader.dropped).toBe(gone![1]);
  });
});
