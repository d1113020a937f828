/** Entries that take many turns of the event loop, and what is asked for meanwhile. */
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ENGINES, SETTINGS, T0 } from '../../test/support/core-journal.ts';
import { SampleBatchBuilder } from '../decode/sample.ts';
import type { JournalEntry } from '../journal/journal.ts';
import { InlineCore } from './inline-core.ts';

const SERIES = 40;
const STEPS = 60;
const STREAM = [...SETTINGS.keys()][0]!;

function series(): JournalEntry[] {
  return Array.from({ length: SERIES }, (_, id) => ({
    kind: 'series',
    series: { id, name: `s${id}`, stream: STREAM, receiveTime: false },
  }));
}

/** One entry with all samples of all series: some tenths of a second of learning. */
function burst(): JournalEntry {
  const samples = new SampleBatchBuilder();
  for (let step = 0; step < STEPS; step++) {
    for (let id = 0; id < SERIES; id++)
      samples.push(id, T0 + 1_000 * step, Math.sin(step / 5 + id));
  }
  return { kind: 'samples', batch: samples.take() };
}

function core(): InlineCore {
  return new InlineCore(SETTINGS, ENGINES);
}

/** States as text: arrays would be compared byte by byte. */
async function saveAll(one: InlineCore): Promise<unknown[]> {
  const saved = await one.save(Number.POSITIVE_INFINITY);
  return saved.map(({ bytes, ...rest }) => ({
    ...rest,
    bytes: Buffer.from(bytes).toString('hex'),
  }));
}

describe('a burst', () => {
  it('lets others have their turn, and all it brings is accounted for at each of them', async () => {
    const busy = core();
    await busy.apply(series(), 0);
    let isDone = false;
    const applied = busy.apply([burst()], SERIES).finally(() => {
      isDone = true;
    });
    const seen: { learned: number; sum: number }[] = [];
    while (!isDone) {
      const own = busy.counts().get(STREAM)!;
      const sum = Object.values(own).reduce((a, b) => a + b);
      seen.push({ learned: own.learned, sum });
      await turn();
    }
    await applied;
    expect(new Set(seen.map(({ sum }) => sum))).toEqual(new Set([SERIES * STEPS]));
    expect(new Set(seen.map(({ learned }) => learned)).size).toBeGreaterThan(2);
  });

  it('is saved as a whole, whoever asks in the middle of it', async () => {
    const [busy, calm] = [core(), core()];
    await calm.apply([...series(), burst()], 0);
    const applied = busy.apply([...series(), burst()], 0);
    const saved = saveAll(busy);
    const view = busy.view(0);
    await applied;
    expect(await saved).toEqual(await saveAll(calm));
    expect(await view).toEqual(await calm.view(0));
  });
});

it('lets others have their turn between many small batches, too', async () => {
  const busy = core();
  await busy.apply(series(), 0);
  const { batch } = burst() as JournalEntry & { kind: 'samples' };
  let turns = 0;
  let isDone = false;
  const small = Array.from({ length: STEPS }, (_, step): JournalEntry => {
    const [from, to] = [step * SERIES, (step + 1) * SERIES];
    const seriesId = batch.seriesId.slice(from, to);
    const [timeMs, value] = [batch.timeMs.slice(from, to), batch.value.slice(from, to)];
    return { kind: 'samples', batch: { count: SERIES, seriesId, timeMs, value } };
  });
  const all = Promise.all(small.map((entry, i) => busy.apply([entry], SERIES + i)));
  void all.finally(() => {
    isDone = true;
  });
  for (; !isDone; turns++) await turn();
  expect((await all).flat().length).toBe(SERIES * STEPS);
  expect(turns).toBeGreaterThan(3);
});

it('ends in the middle of a batch', async () => {
  const busy = core();
  await busy.apply(series(), 0);
  const applied = busy.apply([burst()], SERIES);
  const failed = expect(applied).rejects.toThrow('the core is closed');
  await turn();
  await busy.close();
  await failed;
  expect(busy.counts().get(STREAM)!.learned).toBeLessThan(SERIES * STEPS);
});

it('takes nothing more after an entry that cannot be applied', async () => {
  const broken = core();
  const strange = { id: 0, name: 's0', stream: 'no-such', receiveTime: false };
  const failed = broken.apply([{ kind: 'series', series: strange }], 0);
  const later = broken.apply(series(), 1);
  await expect(failed).rejects.toThrow('no stream "no-such"');
  await expect(later).rejects.toThrow('no stream "no-such"');
  await expect(broken.save(1)).rejects.toThrow('no stream "no-such"');
});
