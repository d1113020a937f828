/** Whatever happens in whatever order, a database holds in the end what it would without. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOOKUP, OutboxDir } from '../../test/support/disk-outbox.ts';
import { START_MS, STEP_MS, seriesPoints } from '../../test/support/points.ts';
import type { DiskOutbox } from './disk-outbox.ts';
import type { SeriesPoints } from './points.ts';

const SINKS = ['a', 'b'];

const action = fc.oneof(
  fc.record({
    kind: fc.constant('put' as const),
    count: fc.integer({ min: 1, max: 25 }),
    series: fc.integer({ min: 0, max: 2 }),
    /** Many leads fill a chunk with few points. */
    leads: fc.constantFrom<number>(0, 3, 3, 3, 2_500),
  }),
  fc.record({
    kind: fc.constant('read' as const),
    sink: fc.constantFrom(...SINKS),
    limit: fc.integer({ min: 1, max: 30 }),
  }),
  fc.record({ kind: fc.constant('split' as const), sink: fc.constantFrom(...SINKS) }),
  fc.record({ kind: fc.constantFrom('stage' as const, 'crash' as const, 'rest' as const) }),
);
type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;

/** Series, time of what is told → when it was issued; the last one written stands. */
class Database {
  readonly points = new Map<string, number>();

  write(batch: readonly SeriesPoints[]): void {
    for (const { series, issuedMs, targetMs } of batch) {
      this.points.set(`actual ${series} ${issuedMs}`, issuedMs);
      for (const target of targetMs) this.points.set(`forecast ${series} ${target}`, issuedMs);
    }
  }
}

class Run {
  readonly databases = new Map(SINKS.map((sink) => [sink, new Database()]));
  readonly inOrder = new Database();
  readonly #dir = new OutboxDir();
  /** All that the core has computed; computing it again gives the same. */
  readonly #computed: SeriesPoints[] = [];
  #staged = 0;
  #outbox!: DiskOutbox;

  async open(): Promise<void> {
    this.#outbox = await this.#dir.open({ pointsMax: 20 });
    for (const sink of SINKS) this.#outbox.reader(sink);
    expect(this.#outbox.doneThrough).toBe(this.#staged - 1);
    this.#put(this.#computed.slice(this.#staged));
  }

  async do(act: Action): Promise<void> {
    if (act.kind === 'put') this.#compute(act);
    else if (act.kind === 'read') this.read(act.sink, act.limit);
    else if (act.kind === 'split') this.#outbox.reader(act.sink).split();
    else if (act.kind === 'crash') await this.open();
    else if (act.kind === 'rest') await new Promise((resolve) => setTimeout(resolve, 3));
    else {
      // What comes while the commit is under way belongs to the next one.
      const staging = this.#dir.stage();
      this.#staged = this.#computed.length;
      await staging;
    }
  }

  read(sink: string, limit: number): number {
    const reader = this.#outbox.reader(sink);
    const batch = reader.peek(limit);
    this.databases.get(sink)!.write(batch);
    reader.advance(batch.length);
    return batch.length;
  }

  get dropped(): number[] {
    return SINKS.map((sink) => this.#outbox.reader(sink).droppedEver);
  }

  get left(): unknown[] {
    return [this.#outbox.depth, this.#outbox.inMemory, this.#outbox.bytes];
  }

  #compute({ count, series, leads }: Action & { kind: 'put' }): void {
    const { name } = LOOKUP.seriesOf(series)!;
    const from = this.#computed.filter((points) => points.series === name).length;
    const made = Array.from({ length: count }, (_, i) => {
      return seriesPoints({ series: name, issuedMs: START_MS + (from + i) * STEP_MS }, leads);
    });
    this.#computed.push(...made);
    this.inOrder.write(made);
    this.#put(made);
  }

  #put(points: readonly SeriesPoints[]): void {
    this.#outbox.put(points, this.#computed.length - 1);
  }
}

/** One horizon a series, as a configuration has it. */
function oneHorizon(actions: readonly Action[]): Action[] {
  const leads = new Map<number, number>();
  return actions.map((act) => {
    if (act.kind !== 'put' || act.leads === 0) return act;
    if (!leads.has(act.series)) leads.set(act.series, act.leads);
    return { ...act, leads: leads.get(act.series)! };
  });
}

describe('DiskOutbox', () => {
  it('brings every point to every sink, through crashes, outages and restarts', async () => {
    const check = async (actions: readonly Action[]) => {
      const run = new Run();
      await run.open();
      for (const act of oneHorizon(actions)) await run.do(act);
      for (const sink of SINKS) while (run.read(sink, 12) > 0);
      for (const sink of SINKS) {
        expect(run.databases.get(sink)!.points).toEqual(run.inOrder.points);
      }
      expect(run.dropped).toEqual([0, 0]);
      expect(run.left).toEqual([0, 0, 0]);
    };
    const actions = fc.array(action, { maxLength: 40 });
    await fc.assert(fc.asyncProperty(actions, check), { numRuns: 25, endOnFailure: true });
  }, 120_000);
});
