/** What both outboxes promise. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutboxDir } from '../../test/support/disk-outbox.ts';
import { START_MS, STEP_MS, seriesPoints } from '../../test/support/points.ts';
import { MemoryOutbox } from './memory-outbox.ts';
import type { Outbox } from './outbox.ts';
import type { SeriesPoints } from './points.ts';

const LEADS = 3;

/** Step `i` of a series, with a forecast or without one. */
function step(series: number, i: number, leads = LEADS): SeriesPoints {
  const issuedMs = START_MS + i * STEP_MS;
  return seriesPoints({ series: `s${series}`, issuedMs, actual: i }, leads);
}

const steps = (from: number, to: number): SeriesPoints[] =>
  Array.from({ length: to - from }, (_, i) => step(0, from + i));

const taken = (batch: readonly SeriesPoints[]): number[] => batch.map(({ actual }) => actual);

const KINDS: [name: string, create: () => Promise<Outbox>][] = [
  ['MemoryOutbox', async () => new MemoryOutbox({ pointsMax: 1_000_000 })],
  ['DiskOutbox, all in memory', () => new OutboxDir().open()],
  ['DiskOutbox, little in memory', () => new OutboxDir().open({ pointsMax: 8 })],
];

/** As a database holds them: the last one written under a key stands. */
class Database {
  readonly points = new Map<string, number>();
  /** Of batches that were written whole; one that failed half way comes again. */
  readonly #settled = new Map<string, number>();
  /** Whether an older forecast has ever overwritten a newer one of another batch. */
  wentBack = false;

  write(batch: readonly SeriesPoints[], count = batch.length): void {
    for (const [n, { series, issuedMs, targetMs }] of batch.entries()) {
      if (n >= count) return;
      this.points.set(`actual ${series} ${issuedMs}`, issuedMs);
      for (const target of targetMs) {
        const key = `forecast ${series} ${target}`;
        this.wentBack ||= (this.#settled.get(key) ?? 0) > issuedMs;
        this.points.set(key, issuedMs);
        if (count === batch.length) this.#settled.set(key, issuedMs);
      }
    }
  }
}

describe.each(KINDS)('%s', (_, create) => {
  it('gives every reader every point in order, each at its own pace', async () => {
    const outbox = await create();
    const [a, b] = [outbox.reader('a'), outbox.reader('b')];
    outbox.put(steps(0, 30), 0);
    expect(taken(a.peek(2))).toEqual([0, 1]);
    a.advance(2);
    const seen: number[] = [];
    for (let batch = b.peek(7); batch.length > 0; batch = b.peek(7)) {
      seen.push(...taken(batch));
      b.advance(batch.length);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(seen).toEqual(steps(0, 30).map(({ actual }) => actual));
    expect([a.depth, b.depth, outbox.depth]).toEqual([28, 0, 28]);
    expect(taken(a.peek(3))).toEqual([2, 3, 4]);
    expect([a.dropped, b.dropped, outbox.full]).toEqual([0, 0, false]);
  });

  it('offers the same points again until they are advanced over, and no further', async () => {
    const outbox = await create();
    const reader = outbox.reader('a');
    outbox.put(steps(0, 2), 0);
    expect(taken(reader.peek(1))).toEqual([0]);
    expect(taken(reader.peek(5))).toEqual([0, 1]);
    reader.advance(1);
    expect(taken(reader.peek(5))).toEqual([1]);
    expect(() => reader.advance(2)).toThrow('advanced past the end by 1');
  });

  it('begins where a new reader comes, and keeps nothing where nobody reads', async () => {
    const outbox = await create();
    outbox.put(steps(0, 3), 0);
    expect(outbox.depth).toBe(0);
    const early = outbox.reader('early');
    outbox.put(steps(3, 5), 1);
    const late = outbox.reader('late');
    outbox.put(steps(5, 6), 2);
    expect(taken(early.peek(9))).toEqual([3, 4, 5]);
    expect(taken(late.peek(9))).toEqual([5]);
    expect(outbox.reader('late')).toBe(late);
  });

  it('gives fresh points in turn with a backlog, which leaves out what they overwrite', async () => {
    const outbox = await create();
    const reader = outbox.reader('a');
    outbox.put(steps(0, 10), 0);
    reader.split();
    outbox.put(steps(10, 12), 1);
    expect([reader.depth, reader.fresh]).toEqual([12, 2]);
    const batches: number[][] = [];
    const leads: number[] = [];
    for (let batch = reader.peek(4); batch.length > 0; batch = reader.peek(4)) {
      batches.push(taken(batch));
      leads.push(
        ...batch.map(({ targetMs, lower, mean }) => {
          expect([lower.length, mean.length]).toEqual([targetMs.length, targetMs.length]);
          return targetMs.length;
        }),
      );
      reader.advance(batch.length);
    }
    expect(batches).toEqual([
      [10, 11],
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ]);
    // Step 10 has written the targets from 11 on.
    expect(leads).toEqual([3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 1]);
    outbox.put(steps(12, 13), 2);
    expect([taken(reader.peek(4)), reader.fresh]).toEqual([[12], 1]);
  });

  it('holds the same in the end, and never goes back, however lanes are mixed', async () => {
    const action = fc.oneof(
      fc.record({
        kind: fc.constant('put' as const),
        count: fc.integer({ min: 1, max: 12 }),
        /** Steps that are left out before these: a gap. */
        gap: fc.integer({ min: 0, max: 4 }),
        series: fc.integer({ min: 0, max: 2 }),
        leads: fc.constantFrom(LEADS, LEADS, LEADS, 0),
      }),
      fc.record({ kind: fc.constant('split' as const) }),
      fc.record({
        kind: fc.constant('read' as const),
        limit: fc.integer({ min: 1, max: 9 }),
        share: fc.constantFrom(0, 0.5, 1, 1),
      }),
    );
    const check = async (
      actions: readonly (typeof action extends fc.Arbitrary<infer A> ? A : never)[],
    ) => {
      const outbox = await create();
      const reader = outbox.reader('a');
      const [database, inOrder] = [new Database(), new Database()];
      const next = [0, 0, 0];
      const read = (limit: number, share: number): number => {
        const batch = reader.peek(limit);
        // Of a batch that failed half way, some is written all the same, and all is offered again.
        database.write(batch, Math.ceil(batch.length * share));
        if (share === 1) reader.advance(batch.length);
        return batch.length;
      };
      for (const act of actions) {
        if (act.kind === 'split') reader.split();
        else if (act.kind === 'read') read(act.limit, act.share);
        else {
          const from = next[act.series]! + act.gap;
          next[act.series] = from + act.count;
          const made = Array.from({ length: act.count }, (_, i) => {
            return step(act.series, from + i, act.leads);
          });
          inOrder.write(made);
          outbox.put(made, 0);
          await Promise.resolve();
        }
      }
      while (read(5, 1) > 0);
      expect(database.points).toEqual(inOrder.points);
      expect(database.wentBack).toBe(false);
      expect([reader.depth, reader.dropped]).toEqual([0, 0]);
    };
    await fc.assert(fc.asyncProperty(fc.array(action, { maxLength: 40 }), check), { numRuns: 40 });
  });
});
