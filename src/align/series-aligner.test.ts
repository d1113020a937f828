import { describe, expect, it } from 'vitest';
import { align, Collector, DEFAULTS, T0 } from '../../test/support/align.ts';
import { createAligner } from './series-aligner.ts';

describe('one sample a step', () => {
  it('closes a step at once, whatever the jitter', () => {
    const { steps } = align({}, [
      [0, 1],
      [1.3, 2],
      [1.8, 3],
      [3.1, 4],
    ]);
    expect(steps).toEqual([
      [0, 1],
      [1000, 2],
      [2000, 3],
      [3000, 4],
    ]);
  });

  it('makes gaps explicit, and restarts after a long one', () => {
    const { steps } = align({ gapStepsMax: 2 }, [
      [0, 1],
      [3, 2],
      [7, 3],
    ]);
    expect(steps).toEqual([[0, 1], [1000, null], [2000, null], [3000, 2], 'restart', [7000, 3]]);
  });

  it('counts duplicates, late samples and a second one in a step, and learns none of them', () => {
    const { steps, aligner } = align({}, [
      [0, 1],
      [1, 2],
      [1, 2],
      [0, 9],
      [1.2, 5],
      [-1, 7],
    ]);
    expect(steps).toEqual([
      [0, 1],
      [1000, 2],
    ]);
    expect(aligner.counts).toEqual({ learned: 2, duplicate: 2, late: 1, invalid: 0, filtered: 1 });
  });

  it('waits for stragglers within the lateness', () => {
    const settings = { latenessMs: 2000 };
    expect(
      align(settings, [
        [0, 1],
        [2, 3],
        [1, 2],
        [3, 4],
      ]).steps,
    ).toEqual([
      [0, 1],
      [1000, 2],
    ]);
    const { steps, aligner } = align(
      settings,
      [
        [0, 1],
        [2, 3],
        [1, 2],
        [3, 4],
      ],
      true,
    );
    expect(steps).toEqual([
      [0, 1],
      [1000, 2],
      [2000, 3],
      [3000, 4],
    ]);
    expect(aligner.held).toBe(0);
  });

  it('labels steps with the time of exact rows', () => {
    const rows = [0.5, 1.5, 2.5].map((second, i) => [second, i] as const);
    expect(align({}, rows).steps.map(([timeMs]) => timeMs)).toEqual([500, 1500, 2500]);
  });

  it('knows the times of coming steps', () => {
    const { aligner } = align({}, [
      [0, 1],
      [1, 2],
    ]);
    const targets = [0, 3].map((lead) => aligner.targetMs(T0 + 1000, lead));
    expect(targets).toEqual([T0 + 1000, T0 + 4000]);
  });
});

describe('several samples a step', () => {
  const samples = [
    [0, 1],
    [4, 3],
    [8, 5],
    [12, 7],
    [20, 9],
  ] as const;
  it.each([
    ['mean', 3, 7],
    ['sum', 9, 7],
    ['min', 1, 7],
    ['max', 5, 7],
    ['first', 1, 7],
    ['last', 5, 7],
  ] as const)('%s, closed when the watermark passes the end', (aggregate, first, second) => {
    const { steps, aligner } = align({ every: { ms: 10_000 }, aggregate }, samples);
    expect(steps).toEqual([
      [0, first],
      [10_000, second],
    ]);
    expect(aligner.held).toBe(1);
  });

  it('knows a sample again that waits in an open step, however many there are', () => {
    const many = Array.from({ length: 300 }, (_, i) => [i / 10, 1] as const);
    const settings = { every: { ms: 60_000 }, aggregate: 'sum' } as const;
    const { steps, aligner } = align(settings, [...many, ...many], true);
    expect(steps).toEqual([[-20_000, 300]]);
    expect(aligner.counts).toMatchObject({ learned: 300, duplicate: 300 });
  });

  it('never mixes steps, even where lateness keeps more open than there is room for', () => {
    const fast = Array.from(
      { length: 180_000 },
      (_, i) => [i / 100, Math.floor(i / 6000)] as const,
    );
    const settings = { every: { ms: 60_000 }, aggregate: 'mean', latenessMs: 900_000 } as const;
    // T0 lies 20 s into a minute.
    const shifted = fast.map(([s, v]) => [s + 40, v] as const);
    const { steps } = align(settings, shifted, true);
    expect(steps.map((step) => step[1])).toEqual(Array.from({ length: 30 }, (_, i) => i));
  });

  it('keeps sums exact beyond the number of samples it holds', () => {
    const many = Array.from({ length: 100_000 }, (_, i) => [i / 1000, 1] as const);
    const { steps, aligner } = align({ every: { ms: 1_000_000 }, aggregate: 'sum' }, many, true);
    expect(steps).toEqual([[0, 100_000]]);
    expect(aligner.counts.learned).toBe(100_000);
  });
});

describe('cadence', () => {
  const each = (seconds: number, count = 8) =>
    Array.from({ length: count }, (_, i) => [i * seconds, i] as const);

  it('learns period and one sample a step', () => {
    const jittered = each(10.2).map(([s, v]) => [s + 0.5 * (v % 2), v] as const);
    const { steps, aligner } = align({ every: undefined, aggregate: 'auto' }, jittered);
    expect(aligner.everyMs).toBe(10_000);
    expect(steps.filter((step) => step !== 'restart' && step[1] !== null)).toHaveLength(8);
  });

  it('holds samples until it knows', () => {
    const { steps, aligner } = align({ every: undefined, aggregate: 'auto' }, each(10, 7));
    expect(steps).toEqual([]);
    expect(aligner.held).toBe(7);
    expect(aligner.everyMs).toBeUndefined();
  });

  it('puts samples together where the step is longer than the cadence', () => {
    const { steps } = align({ every: { ms: 60_000 }, aggregate: 'auto' }, each(10, 20));
    expect(steps.slice(0, 2)).toEqual([
      [-20_000, 1.5],
      [40_000, 6.5],
    ]);
  });

  it('needs three samples to tell what a given period means', () => {
    const { aligner } = align({ aggregate: 'auto' }, each(1, 2));
    expect(aligner.held).toBe(2);
    expect(align({ aggregate: 'auto' }, each(1, 3)).aligner.held).toBe(0);
  });

  it('does not take a burst of waiting messages for the cadence', () => {
    const burst = Array.from({ length: 8 }, (_, i) => [i / 1000, i] as const);
    const { aligner } = align({ every: undefined, aggregate: 'auto', receiveTime: true }, burst);
    expect(aligner.everyMs).toBe(100);
  });

  it('keeps an exact period that nobody would have chosen', () => {
    const { aligner } = align({ every: undefined, aggregate: 'auto' }, each(27, 40));
    expect(aligner.everyMs).toBe(27_000);
    expect(aligner.counts.learned).toBe(40);
  });

  it('does not take a late first sample for the phase', () => {
    const samples = each(10, 50).map(([s, v]) => [s + (v === 0 ? 4.9 : 0.1), v] as const);
    const { aligner } = align({ every: { ms: 10_000 } }, samples);
    expect(aligner.counts).toMatchObject({ learned: 50, filtered: 0, late: 0 });
  });

  it('finds a step for irregular samples', () => {
    const irregular = [0, 1, 9, 10, 31, 33, 60, 61].map((s, i) => [s, i] as const);
    const { aligner } = align({ every: undefined, aggregate: 'auto' }, irregular);
    expect(aligner.everyMs).toBe(20_000);
  });

  it('steps by calendar months', () => {
    const aligner = createAligner({ ...DEFAULTS, every: { months: 1 } });
    const sink = new Collector();
    const months = ['1949-11', '1949-12', '1950-01', '1950-02', '1950-03'];
    months.forEach((month, i) => {
      aligner.push(Date.parse(`${month}-01T00:00:00Z`), i, sink);
    });
    expect(
      sink.steps.map((step) => new Date(step[0] as number).toISOString().slice(0, 10)),
    ).toEqual(months.map((month) => `${month}-01`));
    expect(new Date(aligner.targetMs(Date.parse('1950-03-01'), 1)).toISOString()).toBe(
      '1950-04-01T00:00:00.000Z',
    );
  });
});
