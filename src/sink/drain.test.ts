import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { seriesPoints } from '../../test/support/points.ts';
import type { OutboxReader } from '../store/outbox.ts';
import type { SeriesPoints } from '../store/points.ts';
import { type DrainEvent, type DrainOptions, SinkDrain } from './drain.ts';
import { type RejectedPoint, type Sink, SinkUnavailable } from './sink.ts';

const NONE = new Float64Array(0);

function step(issuedMs: number): SeriesPoints {
  const empty = { targetMs: NONE, mean: NONE, lower: NONE, upper: NONE };
  return seriesPoints({ series: 'a', issuedMs, actual: 1, scores: [], ...empty });
}

class Queue implements OutboxReader {
  readonly waiting: SeriesPoints[] = [];
  dropped = 0;
  droppedEver = 0;
  splits = 0;
  get depth(): number {
    return this.waiting.length;
  }
  get fresh(): number {
    return this.waiting.length;
  }
  split(): void {
    this.splits++;
  }
  put(from: number, to: number): void {
    for (let i = from; i <= to; i++) this.waiting.push(step(i));
  }
  peek(limit: number): readonly SeriesPoints[] {
    return this.waiting.slice(0, limit);
  }
  advance(count: number): void {
    this.waiting.splice(0, count);
  }
}

/** Does what it is told, once a write; takes everything when nothing is left to do. */
class Scripted implements Sink {
  readonly name = 'scripted';
  interleaves?: boolean;
  readonly script: (Error | readonly RejectedPoint[])[] = [];
  readonly batches: number[][] = [];
  readonly offeredMs: number[] = [];
  closed = false;
  async write(batch: readonly SeriesPoints[]): Promise<readonly RejectedPoint[]> {
    this.offeredMs.push(Date.now());
    const act = this.script.shift() ?? [];
    if (act instanceof Error) throw act;
    this.batches.push(batch.map(({ issuedMs }) => issuedMs));
    return act;
  }
  async close(): Promise<void> {
    this.closed = true;
  }
}

function setUp(options: DrainOptions = {}) {
  const queue = new Queue();
  const sink = new Scripted();
  const pacing = { batchSteps: 3, flushMs: 100, retryMsMin: 1_000, retryMsMax: 8_000 };
  const drain = new SinkDrain(queue, sink, { ...pacing, random: () => 0, ...options });
  const events: DrainEvent[] = [];
  drain.events.subscribe((event) => events.push(event));
  return { queue, sink, drain, events };
}

beforeEach(() => vi.useFakeTimers({ now: 0 }));
afterEach(() => vi.useRealTimers());

describe('SinkDrain', () => {
  it('writes full batches at once and the rest after the flush interval, in order', async () => {
    const { queue, sink, drain } = setUp();
    drain.start();
    queue.put(1, 7);
    drain.notify();
    await vi.advanceTimersByTimeAsync(0);
    expect(sink.batches).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    await vi.advanceTimersByTimeAsync(99);
    expect(sink.batches).toHaveLength(2);
    queue.put(8, 8);
    await vi.advanceTimersByTimeAsync(1);
    expect(sink.batches).toEqual([
      [1, 2, 3],
      [4, 5, 6],
      [7, 8],
    ]);
    expect(drain.counts).toEqual({ written: 8, rejected: 0, retries: 0 });
  });

  it('finds points without being notified', async () => {
    const { queue, sink, drain } = setUp();
    drain.start();
    queue.put(1, 1);
    await vi.advanceTimersByTimeAsync(200);
    expect(sink.batches).toEqual([[1]]);
  });

  it('offers the same batch again, with doubling waits up to the longest', async () => {
    const { queue, sink, drain, events } = setUp();
    for (let i = 0; i < 6; i++) sink.script.push(new SinkUnavailable('connection refused'));
    queue.put(1, 3);
    drain.start();
    await vi.advanceTimersByTimeAsync(60_000);
    // The jitter is 0 here, so each wait is half of its full length.
    expect(sink.offeredMs).toEqual([0, 500, 1_500, 3_500, 7_500, 11_500, 15_500]);
    expect(sink.batches).toEqual([[1, 2, 3]]);
    expect(drain.counts.retries).toBe(6);
    expect(events).toEqual([
      { kind: 'unavailable', detail: 'connection refused; steps waiting: 3, trying on' },
      { kind: 'recovered', detail: 'back after 15.5 s; steps that waited: 3' },
    ]);
  });

  it('adds at most half of the wait as jitter', async () => {
    const { queue, sink, drain } = setUp({ random: () => 0.5 });
    sink.script.push(new SinkUnavailable('away'));
    queue.put(1, 3);
    drain.start();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sink.offeredMs).toEqual([0, 750]);
  });

  it('waits the longest where trying soon does harm, and says so when it comes to that', async () => {
    const { queue, sink, drain, events } = setUp();
    sink.script.push(new SinkUnavailable('away'), new SinkUnavailable('wrong password', 'slow'));
    queue.put(1, 3);
    drain.start();
    await vi.advanceTimersByTimeAsync(8_400);
    expect(sink.offeredMs).toEqual([0, 500]);
    expect(drain.unavailable).toBe(true);
    await vi.advanceTimersByTimeAsync(100);
    expect(sink.batches).toEqual([[1, 2, 3]]);
    expect(events.map((event) => 'detail' in event && event.detail)).toEqual([
      'away; steps waiting: 3, trying on',
      'wrong password; steps waiting: 3, trying every 8 s',
      'back after 8.5 s; steps that waited: 3',
    ]);
    expect(drain.unavailable).toBe(false);
  });

  it('says how much the outbox had to drop meanwhile', async () => {
    const { queue, sink, drain, events } = setUp();
    sink.script.push(new SinkUnavailable('away'));
    queue.put(1, 3);
    drain.start();
    await vi.advanceTimersByTimeAsync(10);
    queue.advance(1);
    queue.dropped = 1;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(events[1]).toMatchObject({ detail: expect.stringMatching(/; 1 were dropped/) });
  });

  it('passes refused points on and goes on', async () => {
    const { queue, sink, drain, events } = setUp();
    const refused = [{ series: 'a', detail: 'field type conflict' }];
    sink.script.push(refused);
    queue.put(1, 4);
    drain.start();
    await vi.advanceTimersByTimeAsync(500);
    expect(events).toEqual([{ kind: 'rejected', points: refused }]);
    expect(drain.counts).toEqual({ written: 4, rejected: 1, retries: 0 });
  });

  it('keeps the batch when a sink has a defect, and names it', async () => {
    const { queue, sink, drain, events } = setUp();
    sink.script.push(new TypeError('x is undefined'));
    queue.put(1, 1);
    drain.start();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(events[0]).toMatchObject({ detail: expect.stringContaining('x is undefined') });
    expect(sink.batches).toEqual([[1]]);
  });

  it('flushes without waiting for the batch to fill', async () => {
    const { queue, sink, drain } = setUp({ flushMs: 60_000 });
    drain.start();
    queue.put(1, 4);
    await drain.flush();
    expect(sink.batches).toEqual([[1, 2, 3], [4]]);
    expect(Date.now()).toBe(0);
  });

  it('stops: writes what waits, trying again, then closes', async () => {
    const { queue, sink, drain, events } = setUp();
    sink.script.push(new SinkUnavailable('away'));
    queue.put(1, 4);
    const stopped = drain.stop({ deadlineMs: 10_000 });
    await vi.advanceTimersByTimeAsync(600);
    expect(await stopped).toEqual({ unwritten: 0 });
    expect(sink.batches).toEqual([[1, 2, 3], [4]]);
    expect(sink.closed).toBe(true);
    expect(events.map(({ kind }) => kind)).toEqual(['unavailable', 'recovered']);
  });

  it('stops at the deadline, and says how much is left', async () => {
    const { queue, sink, drain } = setUp();
    for (let i = 0; i < 100; i++) sink.script.push(new SinkUnavailable('away'));
    queue.put(1, 4);
    drain.start();
    const idle = drain.idle();
    await vi.advanceTimersByTimeAsync(7_000);
    const stopped = drain.stop({ deadlineMs: 5_000 });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await stopped).toEqual({ unwritten: 4 });
    expect(sink.closed).toBe(true);
    await idle;
    const offers = sink.offeredMs.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sink.offeredMs).toHaveLength(offers);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not sit out the deadline where trying again is of no use', async () => {
    const { queue, sink, drain } = setUp();
    const wrong = new SinkUnavailable('wrong password', 'slow');
    sink.script.push(wrong, wrong, wrong);
    queue.put(1, 4);
    drain.start();
    await vi.advanceTimersByTimeAsync(100);
    expect(await drain.stop({ deadlineMs: 5_000 })).toEqual({ unwritten: 4 });
    expect(sink.offeredMs).toHaveLength(2);
  });

  it('does not wait for ever for a sink that hangs', async () => {
    const { queue, sink, drain } = setUp();
    sink.write = () => new Promise(() => {});
    sink.close = () => new Promise(() => {});
    queue.put(1, 1);
    drain.start();
    const stopped = drain.stop({ deadlineMs: 1_000 });
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await stopped).toEqual({ unwritten: 1 });
  });

  it('offers less after failures, and more again when it gets through', async () => {
    const { queue, sink, drain } = setUp({ batchSteps: 1_000 });
    for (let i = 0; i < 9; i++) sink.script.push(new SinkUnavailable('cut off'));
    const offered: number[] = [];
    const { write } = sink;
    sink.write = (batch) => {
      offered.push(batch.length);
      return write.call(sink, batch);
    };
    queue.put(1, 10_000);
    drain.start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(offered.slice(0, 10)).toEqual([1_000, 500, 250, 125, 100, 100, 100, 100, 100, 100]);
    expect(offered.slice(10, 17)).toEqual([100, 100, 125, 250, 500, 1_000, 1_000]);
    expect(sink.batches.flat()).toEqual(Array.from({ length: 10_000 }, (_, i) => i + 1));
  });

  it('lets fresh points by when a sink is back from a long outage, where it may', async () => {
    for (const interleaves of [true, false]) {
      const { queue, sink, drain } = setUp();
      sink.interleaves = interleaves;
      drain.start();
      await vi.advanceTimersByTimeAsync(0);
      queue.put(1, 100);
      sink.script.push(new SinkUnavailable('away'));
      drain.notify();
      await vi.advanceTimersByTimeAsync(600);
      expect([queue.splits, queue.depth]).toEqual([interleaves ? 1 : 0, 0]);
      queue.put(1, 62);
      sink.script.push(new SinkUnavailable('away'));
      drain.notify();
      await vi.advanceTimersByTimeAsync(2_000);
      // 59 wait when it is back: fewer than 20 batches.
      expect([queue.splits, queue.depth]).toEqual([interleaves ? 1 : 0, 0]);
    }
  });

  it('does so at the start too, for what an earlier run has left', async () => {
    const { queue, sink, drain } = setUp();
    sink.interleaves = true;
    queue.put(1, 61);
    drain.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(queue.splits).toBe(1);
  });
});
