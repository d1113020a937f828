import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Pace, paceBy } from './pace.ts';
import { createPaceTime } from './pace-time.ts';
import type { Message, MessageBatch } from './source.ts';

// vitest does not fake the promise of node:timers/promises.
vi.mock('node:timers/promises', () => ({
  setTimeout: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)),
}));

function message(receivedMs: number): Message {
  return { topic: 'a', payload: Buffer.from(''), receivedMs, retained: false, where: 'f:1' };
}

/** What comes out and when, with timers that jump. */
async function play(times: readonly number[], speed: Pace['speed']): Promise<[number, number[]][]> {
  async function* batches(): AsyncGenerator<MessageBatch> {
    yield times.map(message);
  }
  const timeOf = ({ receivedMs }: Message) => (receivedMs < 0 ? undefined : receivedMs);
  const startMs = performance.now();
  const out: [number, number[]][] = [];
  const { signal } = new AbortController();
  const finished = (async () => {
    for await (const batch of paceBy(batches(), { speed, timeOf, signal })) {
      const afterMs = Math.round(performance.now() - startMs);
      out.push([afterMs, batch.map(({ receivedMs }) => receivedMs)]);
    }
  })();
  finished.catch(() => {});
  await vi.runAllTimersAsync();
  await finished;
  return out;
}

describe('paceBy', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('hands everything on at once at max', async () => {
    expect(await play([0, 1e6, 2e6], 'max')).toEqual([[0, [0, 1e6, 2e6]]]);
  });

  it('waits a sixtieth at 60x, and sends together what is due together', async () => {
    expect(await play([0, 60, 60, 6_060, 12_060], 60)).toEqual([
      [0, [0]],
      [1, [60, 60]],
      [101, [6_060]],
      [201, [12_060]],
    ]);
  });

  it('lets late and timeless messages go along', async () => {
    expect(await play([1_000, 500, -1, 2_000], 1)).toEqual([
      [0, [1_000, 500, -1]],
      [1_000, [2_000]],
    ]);
  });

  it('shortens a silence, and is not held up by a stamp years ahead', async () => {
    expect(await play([0, 1e12, 1_000, 2_000], 1)).toEqual([
      [0, [0]],
      [60_000, [1e12, 1_000]],
      [61_000, [2_000]],
    ]);
  });

  it('says so where the recording has no times', async () => {
    await expect(play(Array(1_000).fill(-1), 1)).rejects.toThrow(/no times found.*--speed max/);
  });
});

describe('createPaceTime', () => {
  const timeOf = createPaceTime([{ time: 'when' }, { time: { field: 'at', unit: 's' } }]);

  it('prefers the recorded receive time', () => {
    expect(timeOf(message(1_700_000_000_000))).toBe(1_700_000_000_000);
  });

  it.each([
    [['when', 'v'], ['2016-07-01 00:00:00', '1'], Date.UTC(2016, 6, 1)],
    [['date'], ['1949-01'], Date.UTC(1949, 0)],
    [['at'], ['1700000000'], 1_700_000_000_000],
    [['v'], ['1'], undefined],
  ])('finds the time in row %j %j', (columns, cells, timeMs) => {
    expect(timeOf({ ...message(7), row: { columns, cells } })).toBe(timeMs);
  });

  it('finds the time in a JSON payload', () => {
    expect(timeOf({ ...message(1), payload: Buffer.from('{"ts":1700000000000}') })).toBe(1.7e12);
    expect(timeOf({ ...message(1), payload: Buffer.from('null') })).toBeUndefined();
    expect(timeOf({ ...message(1), payload: Buffer.from('{') })).toBeUndefined();
  });
});
